SELECT
  DATE '2025-01-01' + CAST(range * 546 // scaled(300000) AS INTEGER) AS event_date,
  CASE WHEN pick(range, 'w-home', 2) = 0 THEN 'CZ'
       ELSE ['SK', 'DE', 'AT', 'PL', 'HU'][1 + pick(range, 'w-country', 5)] END AS country_code,
  ['mobile', 'mobile', 'desktop', 'tablet'][1 + pick(range, 'device', 4)] AS device,
  's' || lpad(to_hex(hash(range, 'session')), 16, '0') AS session_id,
  CASE WHEN share(range, 'known') < 0.3 THEN 1000 + pick(range, 'w-customer', scaled(2000)) END AS customer_id,
  '/' || ['', 'lighting', 'seating', 'tables', 'textiles', 'sale', 'cart', 'help'][1 + pick(range, 'page', 8)]
    AS landing_page,
  1 + CAST(floor(20 * pow(share(range, 'views'), 3)) AS INTEGER) AS page_views,
  CAST(floor(1800 * pow(share(range, 'duration'), 3)) AS INTEGER) AS duration_seconds,
  share(range, 'bought') < 0.031 AS has_order
FROM range(scaled(300000))
