SELECT
  1 + range AS employee_id,
  ['Ana', 'Jan', 'Eva', 'Petr', 'Lucie', 'Tomas', 'Klara', 'Marek'][1 + pick(range, 'e-first', 8)] || ' ' ||
  ['Novak', 'Svoboda', 'Weber', 'Nowak', 'Kovac', 'Bauer', 'Cerny'][1 + pick(range, 'e-last', 7)] AS name,
  ['Sales', 'Support', 'Warehouse', 'Finance', 'Technology'][1 + pick(range, 'team', 5)] AS team,
  DATE '2019-01-07' + to_days(CAST(7 * pick(range, 'start', 380) AS INTEGER)) AS started_on
FROM range(80)
ORDER BY employee_id
