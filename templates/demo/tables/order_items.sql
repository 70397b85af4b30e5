SELECT
  o.order_id,
  line.line_no,
  p.product_id,
  1 + pick(o.order_id * 10 + line.line_no, 'quantity', 3) AS quantity,
  CAST(
    p.list_price * (100 - CASE WHEN o.coupon IS NULL THEN 0 ELSE CAST(o.coupon[7:] AS INTEGER) END) / 100
    AS DECIMAL(10, 2)) AS unit_price
FROM orders o, LATERAL (SELECT unnest(range(1, 2 + pick(o.order_id, 'lines', 4))) AS line_no) line
JOIN products p ON p.product_id = 1 + pick(o.order_id * 10 + line.line_no, 'product', 120)
ORDER BY o.order_id, line.line_no
