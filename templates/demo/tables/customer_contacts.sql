SELECT
  customer_id,
  lower(replace(name, ' ', '.')) || customer_id || '@mail.example' AS email,
  '+420 600 ' || lpad(CAST(pick(customer_id, 'tel', 1000000) AS VARCHAR), 6, '0') AS telephone
FROM customers
ORDER BY customer_id
