-- Customer segments of a shopping mall, from the table to a query for a dashboard.
--
--   vesto load mall customers examples/data/mall_customers.parquet
--   echo 'minimum_rows = 100' > mall/vesto.toml     # there are 200 customers, and 500 is the default
--   vesto sql mall < examples/segmentation.sql

CREATE MODEL customer_segments
FROM (SELECT age, annual_income_k, spending_score FROM customers)
FUNCTION customer_segment
AUTO OFF MODEL_TYPE KMEANS
PREPROCESSORS '[{"ColumnSet": ["*"], "Transformers": ["StandardScaler"]}]'
HYPERPARAMETERS DEFAULT EXCEPT (K '5');

SHOW MODEL customer_segments;

-- Who is in each segment?
SELECT customer_segment(age, annual_income_k, spending_score) AS segment,
       COUNT(*) AS customers, ROUND(AVG(age)) AS age,
       ROUND(AVG(annual_income_k)) AS income_k, ROUND(AVG(spending_score)) AS spending
FROM customers
GROUP BY segment
ORDER BY segment;

-- The segment of a customer who has just come in; what is not known counts as the average.
SELECT customer_segment(28, 75, NULL) AS segment;
