SELECT
  e.employee_id,
  m.month::DATE AS month,
  CAST(2100 + pick(e.employee_id, 'pay', 3200) AS DECIMAL(10, 2)) AS gross_salary,
  CASE WHEN month(m.month) = 12 THEN CAST(500 + pick(e.employee_id, 'bonus', 1500) AS DECIMAL(10, 2)) END
    AS bonus
FROM employees e, (SELECT unnest(range(DATE '2025-01-01', DATE '2026-07-01', INTERVAL 1 MONTH)) AS month) m
WHERE e.started_on < m.month
ORDER BY 1, 2
