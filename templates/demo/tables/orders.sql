WITH drawn AS (
  SELECT
    500000 + range AS order_id,
    range AS n,
    -- More orders lately, and a few customers who order often.
    CAST(floor(911 * sqrt(share(range, 'day'))) AS INTEGER) AS day,
    1000 + CAST(floor(scaled(2000) * pow(share(range, 'customer'), 1.6)) AS BIGINT) AS customer_id
  FROM range(scaled(24000))
)
SELECT
  order_id,
  customer_id,
  TIMESTAMP '2024-01-01 06:00:00' + to_days(day) + to_seconds(pick(n, 'second', 61200)) AS ordered_at,
  ['web', 'web', 'web', 'app', 'app', 'store'][1 + pick(n, 'channel', 6)] AS channel,
  CASE WHEN share(n, 'status') < 0.05 THEN 'refunded'
       WHEN share(n, 'status') < 0.08 THEN 'cancelled'
       WHEN day > 905 THEN 'open' ELSE 'paid' END AS status,
  CASE WHEN share(n, 'coupon') < 0.2 THEN 'SPRING' || CAST(10 * (1 + pick(n, 'percent', 3)) AS VARCHAR) END
    AS coupon
FROM drawn
ORDER BY order_id
