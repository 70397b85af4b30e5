SELECT
  90000 + range AS ticket_id,
  strftime(opened_at, '%Y-%m') AS month,
  opened_at,
  1000 + pick(range, 'customer', scaled(2000)) AS customer_id,
  ['delivery', 'payment', 'damaged goods', 'account', 'other'][1 + pick(range, 'topic', 5)] AS topic,
  ['low', 'normal', 'normal', 'high'][1 + pick(range, 'priority', 4)] AS priority,
  -- Tickets of the last days are still open.
  CASE WHEN opened_at < TIMESTAMP '2026-06-27' THEN round(0.5 + 60 * pow(share(range, 'hours'), 2), 1) END
    AS hours_to_close,
  [1, 3, 4, 4, 5, 5][1 + pick(range, 'score', 6)] AS satisfaction
FROM (
  SELECT range,
    TIMESTAMP '2025-07-01' + to_days(CAST(pick(range, 'day', 365) AS INTEGER))
      + to_seconds(pick(range, 'second', 86400)) AS opened_at
  FROM range(scaled(6000))
)
ORDER BY ticket_id
