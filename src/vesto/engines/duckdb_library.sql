-- Redshift's functions that DuckDB lacks or has with another meaning, as macros of schema vesto.
-- One statement a paragraph. A parameter's type chooses among a macro's forms.
-- Source: Amazon Redshift Database Developer Guide, "SQL functions reference".

CREATE OR REPLACE MACRO vesto.failure(state, message) AS
  error('vesto:' || json_object('sqlstate', state, 'message', message, 'detail', '', 'hint', '')::VARCHAR);

CREATE OR REPLACE MACRO vesto.refusal(told) AS
  CAST(error('vesto:' || told) AS JSON);

CREATE OR REPLACE MACRO vesto.divisor(b) AS
  CASE WHEN b = 0 THEN error('division by zero') ELSE b END;

-- Dates -----------------------------------------------------------------------------------------

CREATE OR REPLACE MACRO vesto.as_date(x VARCHAR) AS
    COALESCE(TRY_CAST(x AS DATE), TRY_CAST(TRY_CAST(x AS TIMESTAMP) AS DATE),
      TRY_STRPTIME(x, ['%Y%m%d', '%b %d, %Y', '%B %d, %Y', '%d %b %Y', '%d-%b-%Y', '%b-%d-%Y', '%m/%d/%Y', '%m-%d-%Y', '%Y/%m/%d', '%Y.%m.%d'])::DATE,
      CAST(x AS DATE)),
  (x) AS CAST(x AS DATE);

CREATE OR REPLACE MACRO vesto.as_timestamp(x VARCHAR) AS
    COALESCE(TRY_CAST(x AS TIMESTAMP),
      TRY_STRPTIME(x, ['%Y%m%d', '%Y%m%d %H:%M:%S', '%Y%m%d %H%M%S', '%Y%m%d%H%M%S', '%b %d, %Y', '%b %d, %Y %H:%M:%S', '%d %b %Y', '%d %b %Y %H:%M:%S', '%m/%d/%Y', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M', '%Y/%m/%d %H:%M:%S']),
      CAST(x AS TIMESTAMP)),
  (x) AS CAST(x AS TIMESTAMP);

CREATE OR REPLACE MACRO vesto.instant(x) AS CAST(x AS TIMESTAMP);

CREATE OR REPLACE MACRO vesto.trunc(x TIMESTAMP) AS CAST(x AS DATE),
  (x TIMESTAMPTZ) AS CAST(x AS DATE),
  (x DATE) AS x,
  (x VARCHAR) AS trunc(CAST(x AS DOUBLE)),
  (x) AS trunc(x),
  (x, digits) AS trunc(x, CAST(digits AS INTEGER));

CREATE OR REPLACE MACRO vesto.trunc_years(x, years) AS
  CAST(make_date(CAST((year(vesto.instant(x)) - 1) // years * years + 1 AS INTEGER), 1, 1) AS TIMESTAMP);

CREATE OR REPLACE MACRO vesto.last_day(x) AS last_day(CAST(vesto.instant(x) AS DATE));

CREATE OR REPLACE MACRO vesto.add_months(x, n) AS
  CASE WHEN CAST(vesto.instant(x) AS DATE) = last_day(CAST(vesto.instant(x) AS DATE))
    THEN last_day(CAST(date_trunc('month', vesto.instant(x)) + to_months(CAST(n AS INTEGER)) AS DATE)) + (vesto.instant(x) - date_trunc('day', vesto.instant(x)))
    ELSE vesto.instant(x) + to_months(CAST(n AS INTEGER)) END;

CREATE OR REPLACE MACRO vesto.months_between(a, b) AS
  CASE WHEN day(vesto.instant(a)) = day(vesto.instant(b))
      OR (CAST(vesto.instant(a) AS DATE) = last_day(CAST(vesto.instant(a) AS DATE)) AND CAST(vesto.instant(b) AS DATE) = last_day(CAST(vesto.instant(b) AS DATE)))
    THEN CAST(datediff('month', vesto.instant(b), vesto.instant(a)) AS DOUBLE)
    ELSE datediff('month', vesto.instant(b), vesto.instant(a)) + (day(vesto.instant(a)) - day(vesto.instant(b))) / 31.0 END;

CREATE OR REPLACE MACRO vesto.weekday(name) AS
  CASE lower(name[1:2]) WHEN 'mo' THEN 1 WHEN 'tu' THEN 2 WHEN 'we' THEN 3 WHEN 'th' THEN 4 WHEN 'fr' THEN 5 WHEN 'sa' THEN 6 WHEN 'su' THEN 7
    WHEN NULL THEN NULL ELSE CAST(vesto.failure('22023', 'a day of the week is expected, not ' || name) AS INTEGER) END;

CREATE OR REPLACE MACRO vesto.next_day(x, name) AS
  CAST(vesto.instant(x) AS DATE) + CAST((vesto.weekday(name) - isodow(CAST(vesto.instant(x) AS DATE)) + 6) % 7 + 1 AS INTEGER);

CREATE OR REPLACE MACRO vesto.date_cmp(a, b) AS
  CASE WHEN vesto.instant(a) < vesto.instant(b) THEN -1 WHEN vesto.instant(a) > vesto.instant(b) THEN 1 WHEN vesto.instant(a) = vesto.instant(b) THEN 0 END;

CREATE OR REPLACE MACRO vesto.now() AS date_trunc('second', CAST(current_timestamp AS TIMESTAMP));

CREATE OR REPLACE MACRO vesto.convert_timezone(target, x) AS timezone(target, timezone('UTC', vesto.instant(x))),
  (source, target, x) AS timezone(target, timezone(source, vesto.instant(x)));

CREATE OR REPLACE MACRO vesto.to_date(x, form, strict) AS
  CASE WHEN strict THEN CAST(strptime(x, form) AS DATE)
    ELSE COALESCE(CAST(TRY_STRPTIME(x, form) AS DATE), vesto.overflowing_date(x, form)) END;

CREATE OR REPLACE MACRO vesto.overflowing_date(x, form) AS
  CASE WHEN x IS NOT NULL AND form IN ('%Y%m%d', '%Y-%m-%d') AND regexp_full_match(x, '[0-9]{4}-?[0-9]{2}-?[0-9]{2}')
    THEN make_date(CAST(x[1:4] AS INTEGER), 1, 1) + to_months(CAST(replace(x, '-', '')[5:6] AS INTEGER) - 1) + to_days(CAST(replace(x, '-', '')[7:8] AS INTEGER) - 1)
    ELSE strptime(x, form) END::DATE;

-- Numbers ---------------------------------------------------------------------------------------

CREATE OR REPLACE MACRO vesto.digits_of(x) AS
  list_transform(string_split(ltrim(lower(x), '+-'), ''), lambda c: strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1);

CREATE OR REPLACE MACRO vesto.strtol(x, base) AS
  CASE WHEN x IS NULL OR base IS NULL THEN NULL
    WHEN NOT regexp_full_match(lower(x), '[-+]?[0-9a-z]+') OR list_max(vesto.digits_of(x)) >= base
      THEN CAST(vesto.failure('22P02', '"' || x || '" is no number of base ' || base) AS BIGINT)
    ELSE CAST(list_reduce(list_transform(vesto.digits_of(x), lambda d: CAST(d AS HUGEINT)), lambda a, d: a * base + d) * (CASE WHEN starts_with(x, '-') THEN -1 ELSE 1 END) AS BIGINT) END;

CREATE OR REPLACE MACRO vesto.to_number(x) AS
  CASE WHEN contains(x, '-') OR contains(x, '<') THEN -1 ELSE 1 END * CAST(regexp_replace(x, '[^0-9.]', '', 'g') AS DECIMAL(38, 10));

CREATE OR REPLACE MACRO vesto.avg(x BIGINT) AS CAST(trunc(avg(x)) AS BIGINT),
  (x DOUBLE) AS avg(x),
  (x) AS avg(x);

CREATE OR REPLACE MACRO vesto.avg_distinct(x BIGINT) AS CAST(trunc(avg(DISTINCT x)) AS BIGINT),
  (x DOUBLE) AS avg(DISTINCT x),
  (x) AS avg(DISTINCT x);

-- The second parameter is there for its type alone.
CREATE OR REPLACE MACRO vesto.averaged(mean, x BIGINT) AS CAST(trunc(mean) AS BIGINT),
  (mean, x DOUBLE) AS mean,
  (mean, x) AS mean;

CREATE OR REPLACE MACRO vesto.number_body(x, fraction, zeros, commas, dot) AS
  lpad(CASE WHEN zeros = 0 AND fraction > 0 AND trunc(abs(x)) = 0 THEN '' WHEN commas THEN format('{:,}', CAST(trunc(round(abs(x), fraction)) AS BIGINT)) ELSE CAST(CAST(trunc(round(abs(x), fraction)) AS HUGEINT) AS VARCHAR) END,
    CAST(greatest(zeros, length(CASE WHEN zeros = 0 AND fraction > 0 AND trunc(abs(x)) = 0 THEN '' WHEN commas THEN format('{:,}', CAST(trunc(round(abs(x), fraction)) AS BIGINT)) ELSE CAST(CAST(trunc(round(abs(x), fraction)) AS HUGEINT) AS VARCHAR) END)) AS INTEGER), '0')
  || CASE WHEN fraction > 0 THEN dot || split_part(printf('%.' || fraction || 'f', CAST(abs(x) AS DOUBLE)), '.', 2) ELSE '' END;

-- Text ------------------------------------------------------------------------------------------

CREATE OR REPLACE MACRO vesto.substring(x, start) AS substring(CAST(x AS VARCHAR), greatest(start, 1)),
  (x, start, size) AS CASE WHEN start + size <= 1 THEN CASE WHEN x IS NULL THEN NULL ELSE '' END ELSE substring(CAST(x AS VARCHAR), greatest(start, 1), CASE WHEN start < 1 THEN size + start - 1 ELSE size END) END;

-- The longest beginning that has at most so many bytes and splits no character.
CREATE OR REPLACE MACRO vesto.fit(x, size) AS
  CASE WHEN strlen(CAST(x AS VARCHAR)) <= size THEN CAST(x AS VARCHAR)
    ELSE left(CAST(x AS VARCHAR), list_max(list_filter(range(0, size + 1), lambda n: strlen(left(CAST(x AS VARCHAR), n)) <= size))) END;

CREATE OR REPLACE MACRO vesto.octet_length(x VARBINARY) AS octet_length(x),
  (x) AS strlen(CAST(x AS VARCHAR));

CREATE OR REPLACE MACRO vesto.initcap(x) AS
  array_to_string(list_transform(regexp_extract_all(x, '[\t-\r !-/:-@\[-`{-~]+|[^\t-\r !-/:-@\[-`{-~]+'),
    lambda part: upper(left(part, 1)) || lower(substring(part, 2))), '');

CREATE OR REPLACE MACRO vesto.quote_ident(x) AS
  CASE WHEN regexp_full_match(x, '[a-z_][a-z0-9_]*') THEN x ELSE '"' || replace(x, '"', '""') || '"' END;

CREATE OR REPLACE MACRO vesto.quote_literal(x) AS '''' || replace(CAST(x AS VARCHAR), '''', '''''') || '''';

CREATE OR REPLACE MACRO vesto.regexp_substr(x, pattern) AS regexp_extract(x, pattern, 0),
  (x, pattern, start) AS regexp_extract(substring(x, start), pattern, 0),
  (x, pattern, start, nth) AS CASE WHEN x IS NOT NULL THEN COALESCE(regexp_extract_all(substring(x, start), pattern, 0)[nth], '') END,
  (x, pattern, start, nth, parameters) AS CASE WHEN x IS NOT NULL THEN COALESCE(regexp_extract_all(substring(x, start), CASE WHEN contains(parameters, 'i') THEN '(?i)' ELSE '' END || pattern, CASE WHEN contains(parameters, 'e') THEN 1 ELSE 0 END)[nth], '') END;

CREATE OR REPLACE MACRO vesto.regexp_replacement(x) AS regexp_replace(replace(x, '\', '\\'), '\$([0-9])', '\\\1', 'g');

CREATE OR REPLACE MACRO vesto.regexp_replace(x, pattern) AS regexp_replace(x, pattern, '', 'g'),
  (x, pattern, other) AS regexp_replace(x, pattern, vesto.regexp_replacement(other), 'g'),
  (x, pattern, other, start) AS left(x, start - 1) || regexp_replace(substring(x, start), pattern, vesto.regexp_replacement(other), 'g'),
  (x, pattern, other, start, parameters) AS left(x, start - 1) || regexp_replace(substring(x, start), CASE WHEN contains(parameters, 'i') THEN '(?i)' ELSE '' END || pattern, vesto.regexp_replacement(other), 'g');

CREATE OR REPLACE MACRO vesto.regexp_count(x, pattern) AS CASE WHEN x IS NOT NULL THEN len(regexp_extract_all(x, pattern)) END,
  (x, pattern, start) AS CASE WHEN x IS NOT NULL THEN len(regexp_extract_all(substring(x, start), pattern)) END,
  (x, pattern, start, parameters) AS CASE WHEN x IS NOT NULL THEN len(regexp_extract_all(substring(x, start), CASE WHEN contains(parameters, 'i') THEN '(?i)' ELSE '' END || pattern)) END;

CREATE OR REPLACE MACRO vesto.regexp_instr(x, pattern) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_matches(x, pattern) THEN strpos(x, regexp_extract(x, pattern, 0)) ELSE 0 END,
  (x, pattern, start) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_matches(substring(x, start), pattern) THEN start - 1 + strpos(substring(x, start), regexp_extract(substring(x, start), pattern, 0)) ELSE 0 END;

-- SUPER -----------------------------------------------------------------------------------------

CREATE OR REPLACE MACRO vesto.item(x JSON, path) AS CASE WHEN json_type(x, path) <> 'NULL' THEN json_extract(x, path) END,
  (x, path) AS CASE WHEN json_type(to_json(x), path) <> 'NULL' THEN json_extract(to_json(x), path) END;

-- Names tell what may be SUPER; text of the same name has to stay text, and would be read as JSON.
CREATE OR REPLACE MACRO vesto.text(x JSON) AS x ->> '$',
  (x VARCHAR) AS x,
  (x) AS CAST(x AS VARCHAR);

CREATE OR REPLACE MACRO vesto.number(x JSON) AS TRY_CAST(x ->> '$' AS DOUBLE),
  (x VARCHAR) AS x,
  (x) AS x;

CREATE OR REPLACE MACRO vesto.truth(x JSON) AS TRY_CAST(x ->> '$' AS BOOLEAN),
  (x VARCHAR) AS x,
  (x) AS x;

CREATE OR REPLACE MACRO vesto.beside(x JSON, other JSON) AS x,
  (x JSON, other VARCHAR) AS x ->> '$',
  (x JSON, other DOUBLE) AS TRY_CAST(x ->> '$' AS DOUBLE),
  (x JSON, other BOOLEAN) AS TRY_CAST(x ->> '$' AS BOOLEAN),
  (x JSON, other DATE) AS TRY_CAST(x ->> '$' AS DATE),
  (x JSON, other TIMESTAMP) AS TRY_CAST(x ->> '$' AS TIMESTAMP),
  (x VARCHAR, other VARCHAR) AS x,
  (x VARCHAR, other DOUBLE) AS x,
  (x VARCHAR, other BOOLEAN) AS x,
  (x VARCHAR, other DATE) AS x,
  (x VARCHAR, other TIMESTAMP) AS x,
  (x, other) AS x;

CREATE OR REPLACE MACRO vesto.json_parse(x) AS
  CASE WHEN x IS NULL OR json_valid(CAST(x AS VARCHAR)) THEN CASE WHEN json_type(CAST(x AS VARCHAR)) <> 'NULL' THEN json(CAST(x AS VARCHAR)) END
    ELSE CAST(vesto.failure('22P02', 'JSON_PARSE was given text that is no JSON') AS JSON) END;

CREATE OR REPLACE MACRO vesto.can_json_parse(x) AS json_valid(CAST(x AS VARCHAR));

CREATE OR REPLACE MACRO vesto.is_json_of(x, kind) AS
  CASE WHEN x IS NOT NULL THEN json_valid(CAST(x AS VARCHAR)) AND CASE WHEN json_valid(CAST(x AS VARCHAR)) THEN json_type(CAST(x AS VARCHAR)) = kind ELSE FALSE END END;

CREATE OR REPLACE MACRO vesto.json_serialize(x) AS CAST(x AS VARCHAR);

CREATE OR REPLACE MACRO vesto.json_text(x, path, forgiving) AS
  CASE WHEN x IS NULL THEN NULL
    WHEN NOT json_valid(x) THEN CASE WHEN forgiving THEN NULL ELSE CAST(vesto.failure('22P02', 'JSON parsing error: the text is no JSON') AS VARCHAR) END
    ELSE COALESCE(json_extract_string(x, path), '') END;

CREATE OR REPLACE MACRO vesto.json_array_length(x) AS
  CASE WHEN x IS NULL THEN NULL WHEN NOT json_valid(x) OR json_type(x) <> 'ARRAY' THEN CAST(vesto.failure('22P02', 'JSON parsing error: the text is no JSON array') AS BIGINT) ELSE json_array_length(x) END;

CREATE OR REPLACE MACRO vesto.json_typeof(x, path) AS
  CASE json_type(to_json(x), path) WHEN 'ARRAY' THEN 'array' WHEN 'OBJECT' THEN 'object' WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN NULL THEN NULL ELSE CASE WHEN json_type(to_json(x), path) IS NULL THEN NULL ELSE 'number' END END;

CREATE OR REPLACE MACRO vesto.elements(x) AS
  CASE WHEN json_type(to_json(x)) = 'ARRAY' THEN from_json(to_json(x), '["json"]') ELSE CAST([] AS JSON[]) END;

CREATE OR REPLACE MACRO vesto.attributes(x) AS
  CASE WHEN json_type(to_json(x)) = 'OBJECT' THEN json_keys(to_json(x)) ELSE CAST([] AS VARCHAR[]) END;

CREATE OR REPLACE MACRO vesto.attribute_values(x) AS
  list_transform(vesto.attributes(x), lambda k: json_extract(to_json(x), '$."' || replace(k, '"', '\"') || '"'));

CREATE OR REPLACE MACRO vesto.get_array_length(x) AS
  CASE WHEN json_type(to_json(x)) = 'ARRAY' THEN json_array_length(to_json(x)) END;

CREATE OR REPLACE MACRO vesto.subarray(x, start, size) AS to_json(vesto.elements(x)[start + 1:start + size]);

CREATE OR REPLACE MACRO vesto.array_concat(a, b) AS to_json(list_concat(vesto.elements(a), vesto.elements(b)));

CREATE OR REPLACE MACRO vesto.array_flatten(x) AS
  to_json(flatten(list_transform(vesto.elements(x), lambda e: CASE WHEN json_type(e) = 'ARRAY' THEN from_json(e, '["json"]') ELSE [e] END)));

CREATE OR REPLACE MACRO vesto.split_to_array(x) AS to_json(string_split(x, '|')),
  (x, separator) AS to_json(string_split(x, separator));

CREATE OR REPLACE MACRO vesto.as_super(x) AS to_json(x);

CREATE OR REPLACE MACRO vesto.signed(x, sign) AS
  CASE sign WHEN 'first' THEN CASE WHEN x < 0 THEN '-' ELSE '+' END WHEN '' THEN CASE WHEN x < 0 THEN '-' ELSE '' END WHEN 'angle' THEN CASE WHEN x < 0 THEN '<' ELSE '' END ELSE '' END;

CREATE OR REPLACE MACRO vesto.ended(x, sign) AS
  CASE sign WHEN 'last' THEN CASE WHEN x < 0 THEN '-' ELSE '+' END WHEN 'minus' THEN CASE WHEN x < 0 THEN '-' ELSE '' END WHEN 'angle' THEN CASE WHEN x < 0 THEN '>' ELSE '' END ELSE '' END;

CREATE OR REPLACE MACRO vesto.number_text(x, fraction, zeros, commas, width, sign, prefix) AS
  CASE WHEN width < 0 THEN vesto.signed(x, sign) || prefix || vesto.number_body(x, fraction, zeros, commas, '.') || vesto.ended(x, sign)
    WHEN length(vesto.number_body(x, fraction, zeros, commas, '.')) >= width THEN repeat('#', CAST(width AS INTEGER))
    ELSE lpad(vesto.signed(x, sign) || prefix || vesto.number_body(x, fraction, zeros, commas, '.') || CASE WHEN sign = 'minus' AND x >= 0 THEN ' ' ELSE vesto.ended(x, sign) END, CAST(width + length(prefix) AS INTEGER), ' ') END;

-- What Redshift knows of tables and DuckDB does not ----------------------------------------------

CREATE TABLE IF NOT EXISTS vesto.columns (
  schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, type VARCHAR, length INTEGER,
  encoding VARCHAR, is_distkey BOOLEAN, sortkey INTEGER, identity VARCHAR, is_generated BOOLEAN);

-- kind is p(rimary), u(nique) or f(oreign); other_ is what a foreign key refers to.
CREATE TABLE IF NOT EXISTS vesto.keys (
  schema_name VARCHAR, table_name VARCHAR, key_name VARCHAR, kind VARCHAR, columns VARCHAR[],
  other_schema VARCHAR, other_table VARCHAR, other_columns VARCHAR[]);

CREATE TABLE IF NOT EXISTS vesto.late_views (schema_name VARCHAR, view_name VARCHAR, query VARCHAR);

CREATE TABLE IF NOT EXISTS vesto.materialized_views (schema_name VARCHAR, view_name VARCHAR, query VARCHAR);

CREATE TABLE IF NOT EXISTS vesto.functions (
  schema_name VARCHAR, function_name VARCHAR, arguments VARCHAR[], returns VARCHAR, macro VARCHAR);

ALTER TABLE vesto.functions ADD COLUMN IF NOT EXISTS body VARCHAR;

ALTER TABLE vesto.functions ADD COLUMN IF NOT EXISTS volatility VARCHAR;

CREATE TABLE IF NOT EXISTS vesto.load_errors (
  session VARCHAR, starttime TIMESTAMP, filename VARCHAR, line_number BIGINT, colname VARCHAR, type VARCHAR,
  position INTEGER, raw_line VARCHAR, raw_field_value VARCHAR, err_code INTEGER, err_reason VARCHAR);

-- Who owns what and who may what; what has no owner here belongs to whoever owns the warehouse, the
-- user 100. A grantee is a kind (USER, GROUP, ROLE, PUBLIC) and a number of the catalog.

CREATE TABLE IF NOT EXISTS vesto.owners (
  kind VARCHAR, schema_name VARCHAR, object_name VARCHAR, owner BIGINT);

CREATE TABLE IF NOT EXISTS vesto.grants (
  kind VARCHAR, schema_name VARCHAR, object_name VARCHAR, column_name VARCHAR, privilege VARCHAR,
  grantee_kind VARCHAR, grantee BIGINT, grantor BIGINT, grant_option BOOLEAN);

CREATE TABLE IF NOT EXISTS vesto.default_privileges (
  creator BIGINT, schema_name VARCHAR, kind VARCHAR, privilege VARCHAR, grantee_kind VARCHAR,
  grantee BIGINT, grant_option BOOLEAN);

-- What everybody may from the beginning; once, so that REVOKE lasts.
INSERT INTO vesto.grants
  SELECT kind, schema_name, '', '', privilege, 'PUBLIC', 0, 100, FALSE
  FROM (VALUES ('DATABASE', '', 'TEMPORARY'), ('SCHEMA', 'public', 'USAGE'), ('SCHEMA', 'public', 'CREATE')) AS given(kind, schema_name, privilege)
  WHERE NOT EXISTS (SELECT 1 FROM vesto.owners WHERE kind = 'DATABASE');

INSERT INTO vesto.grants
  SELECT DISTINCT 'FUNCTION', schema_name, function_name, '', 'EXECUTE', 'PUBLIC', 0, 100, FALSE
  FROM vesto.functions WHERE NOT EXISTS (SELECT 1 FROM vesto.owners WHERE kind = 'DATABASE');

INSERT INTO vesto.owners
  SELECT 'DATABASE', '', '', 100 WHERE NOT EXISTS (SELECT 1 FROM vesto.owners WHERE kind = 'DATABASE');

-- Who reads, and where names without a schema are looked for; a session says it to its line.

CREATE OR REPLACE MACRO vesto.this_user() AS coalesce(CAST(getvariable('vesto_user') AS VARCHAR), '');

CREATE OR REPLACE MACRO vesto.this_path() AS coalesce(CAST(getvariable('vesto_path') AS VARCHAR), 'public');

CREATE OR REPLACE VIEW vesto.stl_load_errors AS SELECT * FROM vesto.load_errors
  WHERE getvariable('vesto_superuser') = 'on' OR session = vesto.this_user() ORDER BY starttime DESC, filename, line_number;

CREATE OR REPLACE MACRO vesto.type_words(kind) AS
  CASE WHEN kind LIKE 'DECIMAL%' THEN replace(replace(kind, 'DECIMAL', 'numeric'), ', ', ',')
    ELSE CASE kind WHEN 'VARCHAR' THEN 'character varying(65535)' WHEN 'DOUBLE' THEN 'double precision' WHEN 'FLOAT' THEN 'real'
      WHEN 'TIMESTAMP' THEN 'timestamp without time zone' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp with time zone'
      WHEN 'TIME' THEN 'time without time zone' WHEN 'TIME WITH TIME ZONE' THEN 'time with time zone'
      WHEN 'JSON' THEN 'super' WHEN 'BLOB' THEN 'binary varying(64000)' WHEN 'HUGEINT' THEN 'numeric(38,0)' ELSE lower(kind) END END;

-- Intervals of predictions ------------------------------------------------------------------------
-- Quantiles of training/intervals.py, at the levels 0.5, 0.505 and so on to 0.99.

CREATE OR REPLACE MACRO vesto.interval_level() AS
  coalesce(CAST(getvariable('vesto_interval_level') AS DOUBLE), 0.9);

CREATE OR REPLACE MACRO vesto.interval_quantile(quantiles) AS
  quantiles[1 + CAST(ceil((vesto.interval_level() - 0.5) * 200 - 0.000001) AS INTEGER)];

CREATE OR REPLACE MACRO vesto.interval_of_differences(x, quantiles) AS
  json_object('lower', CAST(x AS DOUBLE) - vesto.interval_quantile(quantiles), 'upper', CAST(x AS DOUBLE) + vesto.interval_quantile(quantiles), 'level', vesto.interval_level());

CREATE OR REPLACE MACRO vesto.interval_scale(x, edges, scales) AS
  scales[1 + len(list_filter(edges, lambda edge: CAST(x AS DOUBLE) >= edge))];

CREATE OR REPLACE MACRO vesto.interval_of_scaled(x, quantiles, edges, scales) AS
  json_object('lower', CAST(x AS DOUBLE) - vesto.interval_quantile(quantiles) * vesto.interval_scale(x, edges, scales), 'upper', CAST(x AS DOUBLE) + vesto.interval_quantile(quantiles) * vesto.interval_scale(x, edges, scales), 'level', vesto.interval_level());

CREATE OR REPLACE MACRO vesto.interval_of_ratios(x, quantiles) AS
  json_object('lower', CAST(x AS DOUBLE) / vesto.interval_quantile(quantiles), 'upper', CAST(x AS DOUBLE) * vesto.interval_quantile(quantiles), 'level', vesto.interval_level());

CREATE OR REPLACE MACRO vesto.interval_of_labels(x, quantiles) AS
  json_object('labels', from_json(x, '{"labels":["VARCHAR"]}').labels[1:greatest(1, len(list_filter(from_json(x, '{"probabilities":["DOUBLE"]}').probabilities, lambda p: p >= vesto.interval_quantile(quantiles))))], 'level', vesto.interval_level());
