SELECT
  date_trunc('month', o.ordered_at)::DATE AS month,
  c.country_code,
  count(DISTINCT o.order_id) AS orders,
  CAST(sum(CASE o.status WHEN 'refunded' THEN 0 ELSE i.quantity * i.unit_price END) AS DECIMAL(18, 2))
    AS net_revenue,
  CAST(sum(CASE o.status WHEN 'refunded' THEN i.quantity * i.unit_price ELSE 0 END) AS DECIMAL(18, 2))
    AS refunds,
  CAST(sum(CASE o.status WHEN 'refunded' THEN 0 ELSE i.quantity * (i.unit_price - p.unit_cost) END)
    AS DECIMAL(18, 2)) AS margin
FROM orders o
JOIN order_items i USING (order_id)
JOIN products p USING (product_id)
JOIN customers c USING (customer_id)
WHERE o.status <> 'cancelled'
GROUP BY 1, 2
ORDER BY 1, 2
