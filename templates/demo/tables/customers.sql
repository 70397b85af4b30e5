SELECT
  1000 + range AS customer_id,
  ['Ana', 'Jan', 'Eva', 'Petr', 'Lucie', 'Tomas', 'Klara', 'Marek', 'Julia', 'Adam', 'Nina', 'David',
   'Sofia', 'Lukas', 'Emma', 'Oskar'][1 + pick(range, 'first', 16)] || ' ' ||
  ['Novak', 'Svoboda', 'Dvorak', 'Weber', 'Fischer', 'Kowalski', 'Nowak', 'Horvath', 'Kovac', 'Bauer',
   'Gruber', 'Molnar', 'Wolf', 'Cerny'][1 + pick(range, 'last', 14)] AS name,
  -- Half of the customers are at home.
  CASE WHEN pick(range, 'home', 2) = 0 THEN 'CZ'
       ELSE ['SK', 'DE', 'AT', 'PL', 'HU'][1 + pick(range, 'country', 5)] END AS country_code,
  CASE WHEN share(range, 'segment') < 0.7 THEN 'consumer' ELSE 'business' END AS segment,
  ['free', 'free', 'team', 'business'][1 + pick(range, 'plan', 4)] AS plan,
  DATE '2023-06-01' + CAST(floor(1100 * sqrt(share(range, 'signup'))) AS INTEGER) AS signup_date,
  share(range, 'active') < 0.86 AS is_active
FROM range(scaled(2000))
ORDER BY customer_id
