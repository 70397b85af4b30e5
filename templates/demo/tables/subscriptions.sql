SELECT
  row_number() OVER (ORDER BY customer_id) AS subscription_id,
  customer_id,
  plan,
  CAST(CASE plan WHEN 'team' THEN 29 ELSE 99 END AS DECIMAL(10, 2)) AS monthly_fee,
  date_trunc('month', signup_date)::DATE AS started_on,
  CASE WHEN NOT is_active THEN
    (date_trunc('month', signup_date) + to_months(3 + pick(customer_id, 'stayed', 18)))::DATE END AS ended_on
FROM customers
WHERE plan <> 'free'
ORDER BY subscription_id
