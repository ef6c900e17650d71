-- Redshift's catalogue, pg_catalog: views of schema vesto over what the engine knows of its tables and what
-- we know besides. One statement a paragraph. What begins with catalog_ is for the other views alone.
-- UINTEGER stands for the type oid, the ENUM of vesto.letter for "char", USMALLINT[] and UBIGINT[] for int2vector and
-- oidvector; no other column of ours has these.
-- Source: PostgreSQL 8.0 and 15 manuals, "System Catalogs"; Amazon Redshift Database Developer Guide,
-- "System catalog tables". Numbers of types and relations: PostgreSQL's pg_type.dat and pg_class.

CREATE OR REPLACE MACRO vesto.letter(x) AS
  CAST(x AS ENUM('', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z'));

-- The same for the same name, whenever and wherever it is asked for; below 2^31 for clients that read it signed.
CREATE OR REPLACE MACRO vesto.oid_of(kind, place, called) AS
  CAST(16384 + md5_number_lower(kind || ' ' || lower(place) || '.' || lower(called)) % 2147467264 AS UINTEGER);

-- Types -----------------------------------------------------------------------------------------

CREATE OR REPLACE MACRO vesto.type_name(given) AS
  MAP {
  16: 'boolean', 17: 'bytea', 18: '"char"', 19: 'name', 20: 'bigint', 21: 'smallint', 22: 'int2vector',
  23: 'integer', 24: 'regproc', 25: 'text', 26: 'oid', 27: 'tid', 28: 'xid', 29: 'cid', 30: 'oidvector',
  114: 'json', 199: 'json[]', 700: 'real', 701: 'double precision', 705: 'unknown', 790: 'money', 1000: 'boolean[]',
  1001: 'bytea[]', 1002: '"char"[]', 1003: 'name[]', 1005: 'smallint[]', 1006: 'int2vector[]', 1007: 'integer[]',
  1008: 'regproc[]', 1009: 'text[]', 1013: 'oidvector[]', 1014: 'character[]', 1015: 'character varying[]',
  1016: 'bigint[]', 1021: 'real[]', 1022: 'double precision[]', 1028: 'oid[]', 1033: 'aclitem', 1034: 'aclitem[]',
  1042: 'character', 1043: 'character varying', 1082: 'date', 1083: 'time without time zone',
  1114: 'timestamp without time zone', 1115: 'timestamp without time zone[]', 1182: 'date[]',
  1183: 'time without time zone[]', 1184: 'timestamp with time zone', 1185: 'timestamp with time zone[]',
  1186: 'interval', 1187: 'interval[]', 1188: 'interval year to month', 1190: 'interval day to second',
  1231: 'numeric[]', 1266: 'time with time zone', 1270: 'time with time zone[]', 1560: 'bit', 1562: 'bit varying',
  1700: 'numeric', 1790: 'refcursor', 2202: 'regprocedure', 2203: 'regoper', 2205: 'regclass', 2206: 'regtype',
  2210: 'regclass[]', 2211: 'regtype[]', 2249: 'record', 2275: 'cstring', 2276: '"any"', 2277: 'anyarray',
  2278: 'void', 2279: 'trigger', 2283: 'anyelement', 2935: 'hllsketch', 2950: 'uuid', 2951: 'uuid[]',
  3000: 'geometry', 3001: 'geography', 4000: 'super', 6551: 'binary varying'
  }[CAST(given AS INTEGER)];

CREATE OR REPLACE MACRO vesto.format_type(given, modifier) AS
  CASE WHEN given IS NULL THEN NULL WHEN given = 0 THEN '-'
    ELSE COALESCE(vesto.type_name(given), '???') || CASE
      WHEN modifier IS NULL OR modifier < 0 THEN ''
      WHEN given IN (1042, 1043, 6551) THEN '(' || (modifier - 4) || ')'
      WHEN given = 1700 THEN '(' || ((modifier - 4) >> 16) || ',' || ((modifier - 4) & 65535) || ')'
      ELSE '' END END;

CREATE OR REPLACE MACRO vesto.oidvectortypes(numbers) AS
  array_to_string(list_transform(numbers, lambda n: COALESCE(vesto.type_name(n), '???')), ', ');

CREATE OR REPLACE VIEW vesto.catalog_types AS
  SELECT * FROM (VALUES
  (16, 'bool', 1, true, 'b', 'B', 0, 1000, 'c', 'p'),
  (17, 'bytea', -1, false, 'b', 'U', 0, 1001, 'i', 'x'),
  (18, 'char', 1, true, 'b', 'Z', 0, 1002, 'c', 'p'),
  (19, 'name', 64, false, 'b', 'S', 18, 1003, 'c', 'p'),
  (20, 'int8', 8, true, 'b', 'N', 0, 1016, 'd', 'p'),
  (21, 'int2', 2, true, 'b', 'N', 0, 1005, 's', 'p'),
  (22, 'int2vector', -1, false, 'b', 'A', 21, 1006, 'i', 'p'),
  (23, 'int4', 4, true, 'b', 'N', 0, 1007, 'i', 'p'),
  (24, 'regproc', 4, true, 'b', 'N', 0, 1008, 'i', 'p'),
  (25, 'text', -1, false, 'b', 'S', 0, 1009, 'i', 'x'),
  (26, 'oid', 4, true, 'b', 'N', 0, 1028, 'i', 'p'),
  (27, 'tid', 6, false, 'b', 'U', 0, 1010, 's', 'p'),
  (28, 'xid', 4, true, 'b', 'U', 0, 1011, 'i', 'p'),
  (29, 'cid', 4, true, 'b', 'U', 0, 1012, 'i', 'p'),
  (30, 'oidvector', -1, false, 'b', 'A', 26, 1013, 'i', 'p'),
  (114, 'json', -1, false, 'b', 'U', 0, 199, 'i', 'x'),
  (199, '_json', -1, false, 'b', 'A', 114, 0, 'i', 'x'),
  (700, 'float4', 4, true, 'b', 'N', 0, 1021, 'i', 'p'),
  (701, 'float8', 8, true, 'b', 'N', 0, 1022, 'd', 'p'),
  (705, 'unknown', -2, false, 'p', 'X', 0, 0, 'c', 'p'),
  (790, 'money', 8, true, 'b', 'N', 0, 791, 'd', 'p'),
  (1000, '_bool', -1, false, 'b', 'A', 16, 0, 'i', 'x'),
  (1001, '_bytea', -1, false, 'b', 'A', 17, 0, 'i', 'x'),
  (1002, '_char', -1, false, 'b', 'A', 18, 0, 'i', 'x'),
  (1003, '_name', -1, false, 'b', 'A', 19, 0, 'i', 'x'),
  (1005, '_int2', -1, false, 'b', 'A', 21, 0, 'i', 'x'),
  (1006, '_int2vector', -1, false, 'b', 'A', 22, 0, 'i', 'x'),
  (1007, '_int4', -1, false, 'b', 'A', 23, 0, 'i', 'x'),
  (1008, '_regproc', -1, false, 'b', 'A', 24, 0, 'i', 'x'),
  (1009, '_text', -1, false, 'b', 'A', 25, 0, 'i', 'x'),
  (1013, '_oidvector', -1, false, 'b', 'A', 30, 0, 'i', 'x'),
  (1014, '_bpchar', -1, false, 'b', 'A', 1042, 0, 'i', 'x'),
  (1015, '_varchar', -1, false, 'b', 'A', 1043, 0, 'i', 'x'),
  (1016, '_int8', -1, false, 'b', 'A', 20, 0, 'd', 'x'),
  (1021, '_float4', -1, false, 'b', 'A', 700, 0, 'i', 'x'),
  (1022, '_float8', -1, false, 'b', 'A', 701, 0, 'd', 'x'),
  (1028, '_oid', -1, false, 'b', 'A', 26, 0, 'i', 'x'),
  (1033, 'aclitem', 12, false, 'b', 'U', 0, 1034, 'i', 'p'),
  (1034, '_aclitem', -1, false, 'b', 'A', 1033, 0, 'i', 'x'),
  (1042, 'bpchar', -1, false, 'b', 'S', 0, 1014, 'i', 'x'),
  (1043, 'varchar', -1, false, 'b', 'S', 0, 1015, 'i', 'x'),
  (1082, 'date', 4, true, 'b', 'D', 0, 1182, 'i', 'p'),
  (1083, 'time', 8, true, 'b', 'D', 0, 1183, 'd', 'p'),
  (1114, 'timestamp', 8, true, 'b', 'D', 0, 1115, 'd', 'p'),
  (1115, '_timestamp', -1, false, 'b', 'A', 1114, 0, 'd', 'x'),
  (1182, '_date', -1, false, 'b', 'A', 1082, 0, 'i', 'x'),
  (1183, '_time', -1, false, 'b', 'A', 1083, 0, 'd', 'x'),
  (1184, 'timestamptz', 8, true, 'b', 'D', 0, 1185, 'd', 'p'),
  (1185, '_timestamptz', -1, false, 'b', 'A', 1184, 0, 'd', 'x'),
  (1186, 'interval', 16, false, 'b', 'T', 0, 1187, 'd', 'p'),
  (1187, '_interval', -1, false, 'b', 'A', 1186, 0, 'd', 'x'),
  (1188, 'intervaly2m', 4, false, 'b', 'T', 0, 0, 'i', 'p'),
  (1190, 'intervald2s', 8, true, 'b', 'T', 0, 0, 'd', 'p'),
  (1231, '_numeric', -1, false, 'b', 'A', 1700, 0, 'i', 'x'),
  (1266, 'timetz', 12, false, 'b', 'D', 0, 1270, 'd', 'p'),
  (1270, '_timetz', -1, false, 'b', 'A', 1266, 0, 'd', 'x'),
  (1560, 'bit', -1, false, 'b', 'V', 0, 1561, 'i', 'x'),
  (1562, 'varbit', -1, false, 'b', 'V', 0, 1563, 'i', 'x'),
  (1700, 'numeric', -1, false, 'b', 'N', 0, 1231, 'i', 'm'),
  (1790, 'refcursor', -1, false, 'b', 'U', 0, 2201, 'i', 'x'),
  (2202, 'regprocedure', 4, true, 'b', 'N', 0, 2207, 'i', 'p'),
  (2203, 'regoper', 4, true, 'b', 'N', 0, 2208, 'i', 'p'),
  (2205, 'regclass', 4, true, 'b', 'N', 0, 2210, 'i', 'p'),
  (2206, 'regtype', 4, true, 'b', 'N', 0, 2211, 'i', 'p'),
  (2210, '_regclass', -1, false, 'b', 'A', 2205, 0, 'i', 'x'),
  (2211, '_regtype', -1, false, 'b', 'A', 2206, 0, 'i', 'x'),
  (2249, 'record', -1, false, 'p', 'P', 0, 2287, 'd', 'x'),
  (2275, 'cstring', -2, false, 'p', 'P', 0, 1263, 'c', 'p'),
  (2276, 'any', 4, true, 'p', 'P', 0, 0, 'i', 'p'),
  (2277, 'anyarray', -1, false, 'p', 'P', 0, 0, 'd', 'x'),
  (2278, 'void', 4, true, 'p', 'P', 0, 0, 'i', 'p'),
  (2279, 'trigger', 4, true, 'p', 'P', 0, 0, 'i', 'p'),
  (2283, 'anyelement', 4, true, 'p', 'P', 0, 0, 'i', 'p'),
  (2935, 'hllsketch', -1, false, 'b', 'U', 0, 0, 'i', 'x'),
  (2950, 'uuid', 16, false, 'b', 'U', 0, 2951, 'c', 'p'),
  (2951, '_uuid', -1, false, 'b', 'A', 2950, 0, 'i', 'x'),
  (3000, 'geometry', -1, false, 'b', 'U', 0, 0, 'i', 'x'),
  (3001, 'geography', -1, false, 'b', 'U', 0, 0, 'i', 'x'),
  (4000, 'super', -1, false, 'b', 'U', 0, 0, 'i', 'x'),
  (6551, 'varbyte', -1, false, 'b', 'U', 0, 0, 'i', 'x')
  ) AS t(number, called, size, by_value, kind, category, element, list, alignment, storage);

-- A type in the words of a catalog view, as character varying(20), or of the engine.
CREATE OR REPLACE MACRO vesto.type_number(words) AS
  CAST(COALESCE(MAP {
    'boolean': 16, 'smallint': 21, 'integer': 23, 'bigint': 20, 'numeric': 1700, 'real': 700, 'double precision': 701,
    'character': 1042, 'character varying': 1043, 'date': 1082, 'time without time zone': 1083,
    'time with time zone': 1266, 'timestamp without time zone': 1114, 'timestamp with time zone': 1184,
    'super': 4000, 'binary varying': 6551, 'interval': 1186, 'uinteger': 26, 'enum': 18, 'uinteger[]': 1028,
    'smallint[]': 1005, 'usmallint[]': 22, 'ubigint[]': 30, 'varchar[]': 1009, 'integer[]': 1007, 'bigint[]': 1016, 'enum[]': 1002, 'name': 19, 'text': 25,
    'tinyint': 21, 'utinyint': 21, 'usmallint': 23, 'ubigint': 1700, 'uuid': 2950, 'bit': 1560,
    'timestamp_s': 1114, 'timestamp_ms': 1114, 'timestamp_ns': 1114
  }[system.main.regexp_replace(words, '\(.*?\)', '')], CASE WHEN words LIKE '%]' OR words LIKE 'struct%' OR words LIKE 'map%' THEN 4000 ELSE 705 END) AS UINTEGER);

CREATE OR REPLACE MACRO vesto.type_size(words, place) AS
  CAST(regexp_extract(words, '\((\d+)(?:, ?(\d+))?\)', place) AS INTEGER);

CREATE OR REPLACE MACRO vesto.type_modifier(words) AS
  CASE WHEN regexp_matches(words, '^(character|binary)[a-z ]*\(\d+\)$') THEN vesto.type_size(words, 1) + 4
    WHEN regexp_matches(words, '^numeric\(\d+, ?\d+\)$') THEN ((vesto.type_size(words, 1) << 16) | vesto.type_size(words, 2)) + 4
    ELSE -1 END;

-- The number of a type by its short name, as int4.
CREATE OR REPLACE MACRO vesto.number_of_type(called) AS
  CAST(MAP {'bool': 16, 'bytea': 17, 'char': 18, 'name': 19, 'int8': 20, 'int2': 21, 'int2vector': 22, 'int4': 23, 'regproc': 24, 'text': 25, 'oid': 26, 'tid': 27, 'xid': 28, 'cid': 29, 'oidvector': 30, 'json': 114, 'float4': 700, 'float8': 701, 'unknown': 705, 'money': 790, 'aclitem': 1033, 'bpchar': 1042, 'varchar': 1043, 'date': 1082, 'time': 1083, 'timestamp': 1114, 'timestamptz': 1184, 'interval': 1186, 'intervaly2m': 1188, 'intervald2s': 1190, 'timetz': 1266, 'bit': 1560, 'varbit': 1562, 'numeric': 1700, 'refcursor': 1790, 'regprocedure': 2202, 'regoper': 2203, 'regclass': 2205, 'regtype': 2206, 'record': 2249, 'cstring': 2275, 'any': 2276, 'anyarray': 2277, 'void': 2278, 'trigger': 2279, 'anyelement': 2283, 'hllsketch': 2935, 'uuid': 2950, 'geometry': 3000, 'geography': 3001, 'super': 4000, 'varbyte': 6551}[called] AS UINTEGER);

CREATE OR REPLACE MACRO vesto.search_schemas() AS
  list_filter(current_schemas(FALSE), lambda s: s NOT IN ('main', 'vesto_nowhere', 'pg_catalog', 'information_schema', 'temp'));

-- A common table is planned and run once, however often it is read. A join that asks something of its left side
-- alone would compare each row with each: CASE keeps what is asked in the terms that are compared.

-- What everything else reads ----------------------------------------------------------------------

-- The form that Python's view of the same name replaces; the views below are bound to it.
CREATE OR REPLACE VIEW vesto.pg_user AS
  SELECT NULL::VARCHAR AS usename, NULL::INTEGER AS usesysid, NULL::BOOLEAN AS usecreatedb, NULL::BOOLEAN AS usesuper,
    NULL::BOOLEAN AS usecatupd, NULL::VARCHAR AS passwd, NULL::TIMESTAMP AS valuntil, NULL::VARCHAR AS useconfig LIMIT 0;

CREATE OR REPLACE VIEW vesto.catalog_identities AS
  SELECT NULL::VARCHAR AS kind, NULL::INTEGER AS id, NULL::VARCHAR AS name, NULL::JSON AS members LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_ml_model_functions AS
  SELECT NULL::VARCHAR AS schema_name, NULL::VARCHAR AS function_name, NULL::VARCHAR AS model_name, NULL::VARCHAR AS user_name,
    NULL::JSON AS argument_names, NULL::JSON AS argument_types, NULL::VARCHAR AS return_type LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_late_binding_view_cols AS
  SELECT NULL::VARCHAR AS view_schema, NULL::VARCHAR AS view_name, NULL::VARCHAR AS col_name, NULL::VARCHAR AS col_type,
    NULL::INTEGER AS col_num LIMIT 0;

CREATE OR REPLACE MACRO vesto.owner_number() AS CAST(100 AS UINTEGER);

CREATE OR REPLACE MACRO vesto.owner_of(sort, home, named) AS
  CAST(COALESCE((SELECT map(list(spot), list(owned_by)) FROM (SELECT o.kind || ' ' || o.schema_name || '.' || o.object_name AS spot, any_value(o.owner) AS owned_by FROM vesto.owners o GROUP BY ALL))[sort || ' ' || lower(home) || '.' || lower(named)], 100) AS UINTEGER);

-- Privileges as aclitem writes them: who=letters/grantor, with * where they may be given on; the owner's come first.
CREATE OR REPLACE MACRO vesto.privilege_letter(privilege) AS
  MAP {'INSERT': 'a', 'SELECT': 'r', 'UPDATE': 'w', 'DELETE': 'd', 'DROP': 'D', 'REFERENCES': 'x', 'TRUNCATE': 'P', 'ALTER': 'A', 'EXECUTE': 'X', 'USAGE': 'U', 'CREATE': 'C', 'TEMPORARY': 'T'}[privilege];

CREATE OR REPLACE MACRO vesto.acl_items(letters, told, given_by) AS told || '=' || letters || '/' || given_by;

CREATE OR REPLACE VIEW vesto.catalog_grantees AS
  SELECT kind, id, CASE kind WHEN 'USER' THEN '' ELSE lower(kind) || ' ' END || vesto.quote_ident(name) AS told FROM vesto.catalog_identities
  UNION ALL SELECT 'PUBLIC', 0, '';

CREATE OR REPLACE VIEW vesto.catalog_acls AS SELECT NULL::VARCHAR AS spot, NULL::JSON AS acl LIMIT 0;

CREATE OR REPLACE MACRO vesto.acl_of(sort, home, named, part) AS
  CAST((SELECT map(list(spot), list(acl)) FROM vesto.catalog_acls)[sort || ' ' || lower(home) || '.' || lower(named) || '.' || lower(part)] AS VARCHAR[]);

CREATE OR REPLACE MACRO vesto.user_number(called) AS
  CAST(COALESCE((SELECT min(usesysid) FROM vesto.pg_user WHERE usename = called), 100) AS UINTEGER);

CREATE OR REPLACE VIEW vesto.catalog_numbers AS
  SELECT * FROM (VALUES ('pg_type', 1247), ('pg_attribute', 1249), ('pg_proc', 1255), ('pg_class', 1259), ('pg_database', 1262),
    ('pg_auth_members', 1261), ('pg_tablespace', 1213), ('pg_attrdef', 2604), ('pg_cast', 2605), ('pg_constraint', 2606),
    ('pg_depend', 2608), ('pg_description', 2609), ('pg_shdescription', 2396), ('pg_index', 2610), ('pg_inherits', 2611),
    ('pg_language', 2612), ('pg_namespace', 2615), ('pg_opclass', 2616), ('pg_operator', 2617), ('pg_rewrite', 2618),
    ('pg_trigger', 2620), ('pg_aggregate', 2600), ('pg_am', 2601), ('pg_enum', 3501), ('pg_extension', 3079),
    ('pg_collation', 3456), ('pg_range', 3541), ('pg_sequence', 2224), ('pg_policy', 3256), ('pg_statistic_ext', 3381),
    ('pg_publication', 6104), ('pg_publication_rel', 6106), ('pg_publication_namespace', 6237), ('pg_default_acl', 826),
    ('pg_db_role_setting', 2964), ('pg_conversion', 2607), ('pg_foreign_server', 1417), ('pg_foreign_table', 3118),
    ('pg_foreign_data_wrapper', 2328), ('pg_user_mapping', 1418), ('pg_partitioned_table', 3350), ('pg_event_trigger', 3466), ('pg_amop', 2602),
    ('pg_amproc', 2603), ('pg_largeobject_metadata', 2995)
  ) AS t(called, number);

CREATE OR REPLACE VIEW vesto.catalog_schemas AS
  SELECT CASE schema_name WHEN 'public' THEN CAST(2200 AS UINTEGER) ELSE vesto.oid_of('schema', '', schema_name) END AS oid, schema_name AS called
    FROM duckdb_schemas() WHERE database_name = 'dev' AND schema_name NOT IN ('main', 'vesto', 'vesto_nowhere', 'pg_catalog', 'information_schema')
  UNION ALL SELECT CAST(number AS UINTEGER), called
    FROM (VALUES (11, 'pg_catalog'), (13000, 'information_schema'), (13001, 'pg_temp_1')) AS t(number, called);

CREATE OR REPLACE MACRO vesto.shown_schema(base, place, called) AS
  CASE WHEN base = 'temp' THEN 'pg_temp_1' WHEN place <> 'vesto' THEN place WHEN called LIKE 'information_schema.%' THEN 'information_schema' ELSE 'pg_catalog' END;

CREATE OR REPLACE MACRO vesto.shown_name(place, called) AS
  CASE WHEN place = 'vesto' THEN replace(called, 'information_schema.', '') ELSE called END;

CREATE OR REPLACE VIEW vesto.catalog_system_views AS
  SELECT view_name AS called FROM duckdb_views() WHERE database_name = 'dev' AND schema_name = 'vesto' AND NOT starts_with(view_name, 'catalog_');

CREATE OR REPLACE VIEW vesto.catalog_held AS
  SELECT database_name AS base, schema_name AS place, table_name AS called, 'r' AS kind, column_count AS columns,
      estimated_size AS row_count, comment, NULL AS definition
    FROM duckdb_tables()
    WHERE (database_name = 'dev' AND schema_name NOT IN ('main', 'vesto')) OR (database_name = 'temp' AND NOT internal)
  UNION ALL SELECT database_name, schema_name, view_name, 'v', column_count, 0, comment, system.main.regexp_replace(sql, '^CREATE .*?VIEW .*? AS ', '', 's')
    FROM duckdb_views()
    WHERE (database_name = 'dev' AND schema_name NOT IN ('main', 'vesto'))
      OR (database_name = 'temp' AND NOT internal AND NOT starts_with(view_name, 'vesto_'))
  UNION ALL SELECT 'dev', 'vesto', view_name, CASE WHEN view_name IN (SELECT called FROM vesto.catalog_numbers) THEN 'r' ELSE 'v' END, column_count, 0, NULL, 'SELECT'
    FROM duckdb_views() WHERE database_name = 'dev' AND schema_name = 'vesto' AND NOT starts_with(view_name, 'catalog_')
  UNION ALL SELECT 'dev', schema_name, view_name, 'v', 0, 0, NULL, query || ' WITH NO SCHEMA BINDING' FROM vesto.late_views;

CREATE OR REPLACE VIEW vesto.catalog_relations AS
  SELECT COALESCE(CAST(n.number AS UINTEGER), vesto.oid_of('relation', vesto.shown_schema(h.base, h.place, h.called), vesto.shown_name(h.place, h.called))) AS oid,
    vesto.shown_schema(h.base, h.place, h.called) AS place, vesto.shown_name(h.place, h.called) AS called,
    CASE WHEN m.query IS NOT NULL THEN 'v' ELSE h.kind END AS kind, h.base, h.columns, h.row_count, h.comment,
    CASE WHEN m.query IS NOT NULL THEN 'create materialized view ' || h.place || '.' || h.called || ' as ' || m.query ELSE h.definition END AS definition,
    m.query IS NOT NULL AS is_kept, h.place = 'vesto' AS is_system
  FROM vesto.catalog_held h
    LEFT JOIN vesto.catalog_numbers n ON n.called = CASE WHEN h.place = 'vesto' THEN h.called END
    LEFT JOIN vesto.materialized_views m ON m.schema_name = CASE WHEN h.base = 'dev' THEN h.place END AND m.view_name = lower(h.called);

CREATE OR REPLACE VIEW vesto.catalog_shown_columns AS
  SELECT *, vesto.type_number(words) AS type, vesto.type_modifier(words) AS modifier,
    vesto.shown_schema(database_name, schema_name, table_name) AS place, vesto.shown_name(schema_name, table_name) AS relation_name
  FROM (SELECT c.*, d.type AS declared, d.encoding, d.is_distkey, d.sortkey, d.identity, d.is_generated AS always_generated,
    CASE WHEN d.type IS NOT NULL THEN d.type WHEN c.schema_name = 'vesto' AND c.data_type = 'VARCHAR' THEN CASE WHEN c.column_name LIKE '%name' THEN 'name' ELSE 'text' END
      WHEN starts_with(c.data_type, 'ENUM') THEN CASE WHEN c.data_type LIKE '%[]' THEN 'enum[]' ELSE 'enum' END
      ELSE vesto.type_words(c.data_type) END AS words
  FROM duckdb_columns() c LEFT JOIN vesto.columns d
    ON d.schema_name = CASE WHEN c.database_name = 'dev' THEN c.schema_name END AND lower(c.table_name) = d.table_name AND lower(c.column_name) = lower(d.column_name)
  WHERE (c.database_name = 'dev' AND c.schema_name NOT IN ('main', 'vesto')) OR (c.database_name = 'temp' AND NOT c.internal)
    OR (c.database_name = 'dev' AND c.schema_name = 'vesto' AND c.table_name IN (SELECT called FROM vesto.catalog_system_views)));

CREATE OR REPLACE VIEW vesto.catalog_columns AS
  SELECT r.oid AS relation, r.place, r.called AS relation_name, r.kind, r.is_system, c.column_name AS called, CAST(c.column_index AS SMALLINT) AS place_in_row,
    c.words, c.type, c.modifier, vesto.format_type(c.type, c.modifier) AS type_text,
    NOT c.is_nullable AS not_null, c.comment, COALESCE(c.encoding, 'none') AS encoding, COALESCE(c.is_distkey, FALSE) AS is_distkey, COALESCE(c.sortkey, 0) AS sortkey,
    COALESCE(c.always_generated, FALSE) AS is_generated, c.identity IS NOT NULL AS is_identity,
    CASE WHEN c.identity IS NOT NULL THEN CASE WHEN c.always_generated THEN '"identity"(' ELSE 'default_identity(' END || r.oid || ', ' || (c.column_index - 1) || ', ''' || COALESCE(s.start_value || ',' || s.increment_by, '1,1') || '''::text)'
      WHEN c.column_default = 'NULL' THEN NULL ELSE c.column_default END AS default_text,
    s.start_value, s.increment_by
  FROM vesto.catalog_shown_columns c
    JOIN vesto.catalog_relations r ON r.base = c.database_name AND r.place = c.place AND r.called = c.relation_name
    LEFT JOIN duckdb_sequences() s ON s.database_name = 'dev' AND s.schema_name = 'vesto' AND s.sequence_name = c.identity;

CREATE OR REPLACE VIEW vesto.catalog_keys AS
  SELECT vesto.oid_of('key', place, relation_name || '.' || called) AS oid, vesto.oid_of('index', place, relation_name || '.' || called) AS index_oid, *
  FROM (
    SELECT schema_name AS place, table_name AS relation_name, key_name AS called, kind, columns, other_schema, other_table, other_columns FROM vesto.keys
    UNION ALL SELECT schema_name, table_name, COALESCE(constraint_name, table_name || '_' || constraint_index || '_key'),
        CASE constraint_type WHEN 'PRIMARY KEY' THEN 'p' WHEN 'UNIQUE' THEN 'u' ELSE 'f' END, constraint_column_names,
        CASE WHEN referenced_table <> '' THEN schema_name END, NULLIF(referenced_table, ''), referenced_column_names
      FROM duckdb_constraints() WHERE database_name = 'dev' AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') AND schema_name NOT IN ('main', 'vesto'));

CREATE OR REPLACE VIEW vesto.catalog_places AS
  SELECT relation, map(list(lower(called)), list(place_in_row)) AS numbers FROM vesto.catalog_columns WHERE NOT is_system GROUP BY relation;

CREATE OR REPLACE VIEW vesto.catalog_constraints AS
  WITH keys AS MATERIALIZED (SELECT * FROM vesto.catalog_keys),
    relations AS MATERIALIZED (SELECT oid, place, lower(called) AS folded FROM vesto.catalog_relations WHERE base = 'dev'),
    places AS MATERIALIZED (SELECT relation, numbers FROM vesto.catalog_places)
  SELECT k.*, r.oid AS relation, COALESCE(o.oid, 0) AS other_relation,
    list_transform(k.columns, lambda c: p.numbers[lower(c)]) AS numbers,
    CASE WHEN o.oid IS NOT NULL THEN list_transform(COALESCE(NULLIF(k.other_columns, []), q.columns), lambda c: op.numbers[lower(c)]) END AS other_numbers,
    COALESCE(NULLIF(k.other_columns, []), q.columns) AS referred, COALESCE(q.index_oid, 0) AS other_index, q.called AS other_key,
    CASE k.kind WHEN 'p' THEN 'PRIMARY KEY (' WHEN 'u' THEN 'UNIQUE (' ELSE 'FOREIGN KEY (' END || array_to_string(list_transform(k.columns, lambda c: vesto.quote_ident(c)), ', ') || ')'
      || CASE WHEN k.kind = 'f' THEN ' REFERENCES ' || CASE WHEN k.other_schema = 'public' THEN '' ELSE vesto.quote_ident(k.other_schema) || '.' END || vesto.quote_ident(k.other_table)
        || '(' || array_to_string(list_transform(COALESCE(NULLIF(k.other_columns, []), q.columns, []), lambda c: vesto.quote_ident(c)), ', ') || ')' ELSE '' END AS definition
  FROM keys k
    JOIN relations r ON r.place = k.place AND r.folded = lower(k.relation_name)
    LEFT JOIN places p ON p.relation = r.oid
    LEFT JOIN relations o ON o.place = k.other_schema AND o.folded = lower(k.other_table)
    LEFT JOIN places op ON op.relation = o.oid
    LEFT JOIN keys q ON q.place = k.other_schema AND lower(q.relation_name) = lower(k.other_table) AND q.kind = 'p';

-- The columns of primary and unique keys, by their place in the key.
CREATE OR REPLACE VIEW vesto.catalog_key_columns AS
  SELECT place, lower(relation_name) AS relation_name, index_oid, kind, lower(unnest(columns)) AS called, unnest(range(1, len(columns) + 1)) AS place_in_key
  FROM vesto.catalog_keys WHERE kind IN ('p', 'u');

CREATE OR REPLACE VIEW vesto.catalog_functions AS
  SELECT vesto.oid_of('function', schema_name, function_name || '(' || array_to_string(arguments, ',') || ')') AS oid, schema_name AS place, function_name AS called,
      list_transform(arguments, lambda a: vesto.type_number(vesto.type_words(a))) AS types, CAST(NULL AS VARCHAR[]) AS names,
      vesto.type_number(vesto.type_words(returns)) AS returned, 'sql' AS language, COALESCE(body, macro) AS source, vesto.owner_of('FUNCTION', schema_name, function_name) AS owner, COALESCE(volatility, 'VOLATILE') AS volatility
    FROM vesto.functions
  UNION ALL SELECT vesto.oid_of('function', schema_name, function_name), schema_name, function_name,
      list_transform(CAST(argument_types AS VARCHAR[]), lambda a: vesto.number_of_type(a)), CAST(argument_names AS VARCHAR[]),
      vesto.number_of_type(return_type), 'mlfunction', model_name, vesto.user_number(user_name), 'VOLATILE'
    FROM vesto.svv_ml_model_functions
  UNION ALL SELECT CAST(number AS UINTEGER), 'pg_catalog', called, types, NULL, CAST(returned AS UINTEGER), 'internal', called, CAST(10 AS UINTEGER), 'IMMUTABLE'
    FROM (VALUES (750, 'array_in', [CAST(2275 AS UINTEGER), 26, 23], 2277)) AS t(number, called, types, returned);

CREATE OR REPLACE VIEW vesto.catalog_visible AS
  SELECT called, arg_min(oid, rank) AS oid FROM (
    SELECT called, oid, CASE place WHEN 'pg_temp_1' THEN 0 WHEN 'pg_catalog' THEN 1 ELSE 1 + list_position(vesto.search_schemas(), place) END AS rank FROM vesto.catalog_relations)
  WHERE rank IS NOT NULL GROUP BY called;

CREATE OR REPLACE VIEW vesto.catalog_comments AS
  SELECT oid AS relation, 0 AS place_in_row, any_value(comment) AS comment FROM vesto.catalog_relations WHERE comment IS NOT NULL GROUP BY oid
  UNION ALL SELECT relation, CAST(place_in_row AS INTEGER), any_value(comment) FROM vesto.catalog_columns WHERE comment IS NOT NULL GROUP BY ALL;

-- Which tables a view reads; Python's view of the same name replaces it.
CREATE OR REPLACE VIEW vesto.svv_view_dependencies AS
  SELECT NULL::VARCHAR AS view_schema, NULL::VARCHAR AS view_name, NULL::VARCHAR AS table_schema, NULL::VARCHAR AS table_name LIMIT 0;

-- Functions of the catalogue ------------------------------------------------------------------------

CREATE OR REPLACE VIEW vesto.catalog_lookups AS
  SELECT (SELECT map(list(usesysid), list(usename)) FROM vesto.pg_user) AS users,
    (SELECT map(list(oid), list(shown)) FROM (SELECT r.oid, any_value(CASE WHEN v.oid = r.oid THEN '' ELSE vesto.quote_ident(r.place) || '.' END || vesto.quote_ident(r.called)) AS shown FROM vesto.catalog_relations r LEFT JOIN vesto.catalog_visible v ON v.called = r.called GROUP BY r.oid)) AS relations;

CREATE OR REPLACE MACRO vesto.pg_get_userbyid(given) AS
  COALESCE((SELECT map(list(usesysid), list(usename)) FROM vesto.pg_user)[CAST(given AS INTEGER)], CASE WHEN given = 10 THEN 'rdsdb' WHEN given IS NOT NULL THEN 'unknown (OID=' || given || ')' END);

CREATE OR REPLACE VIEW vesto.catalog_index_texts AS
  SELECT index_oid, any_value('CREATE UNIQUE INDEX ' || vesto.quote_ident(called) || ' ON ' || vesto.quote_ident(place) || '.' || vesto.quote_ident(relation_name) || ' USING btree (' || array_to_string(list_transform(columns, lambda c: vesto.quote_ident(c)), ', ') || ')') AS definition, any_value(columns) AS columns
  FROM vesto.catalog_keys WHERE kind IN ('p', 'u') GROUP BY index_oid;

CREATE OR REPLACE MACRO vesto.pg_get_indexdef(given) AS (SELECT map(list(index_oid), list(definition)) FROM vesto.catalog_index_texts)[CAST(given AS UINTEGER)],
  (given, nth, pretty) AS CASE WHEN nth = 0 THEN (SELECT map(list(index_oid), list(definition)) FROM vesto.catalog_index_texts)[CAST(given AS UINTEGER)]
    ELSE (SELECT map(list(index_oid), list(columns)) FROM vesto.catalog_index_texts)[CAST(given AS UINTEGER)][nth] END;

CREATE OR REPLACE MACRO vesto.pg_get_constraintdef(given) AS
  (SELECT map(list(oid), list(definition)) FROM (SELECT oid, any_value(definition) AS definition FROM vesto.catalog_constraints GROUP BY oid))[CAST(given AS UINTEGER)];

-- Names with a number of their own are looked up with the schema where one is given, else as the search path goes.
CREATE OR REPLACE MACRO vesto.name_parts(x) AS
  list_transform(regexp_extract_all(x, '"(?:[^"]|"")*"|[^."]+'), lambda p: CASE WHEN starts_with(p, '"') THEN replace(p[2:-2], '""', '"') ELSE lower(trim(p)) END);

CREATE OR REPLACE MACRO vesto.relation_of(parts) AS
  CASE WHEN len(parts) > 1 THEN (SELECT map(list(place || '.' || called), list(oid)) FROM vesto.catalog_relations)[parts[-2] || '.' || parts[-1]]
    ELSE (SELECT map(list(called), list(oid)) FROM vesto.catalog_visible)[parts[-1]] END;

CREATE OR REPLACE MACRO vesto.to_regclass(x) AS
  CASE WHEN regexp_full_match(x, '[0-9]+') THEN TRY_CAST(x AS UINTEGER) ELSE CAST(vesto.relation_of(vesto.name_parts(x)) AS UINTEGER) END;

CREATE OR REPLACE MACRO vesto.regclass(x VARCHAR) AS
    CASE WHEN x IS NULL THEN NULL ELSE COALESCE(vesto.to_regclass(x), CAST(vesto.failure('42P01', 'relation "' || x || '" does not exist') AS UINTEGER)) END,
  (x) AS CAST(x AS UINTEGER);

CREATE OR REPLACE MACRO vesto.regclass_text(x VARCHAR) AS (SELECT relations FROM vesto.catalog_lookups)[vesto.regclass(x)],
  (x) AS CASE WHEN x IS NOT NULL THEN COALESCE((SELECT relations FROM vesto.catalog_lookups)[CAST(x AS UINTEGER)], CASE WHEN x = 0 THEN '-' ELSE CAST(x AS VARCHAR) END) END;

-- The number of a type by either of its names.
CREATE OR REPLACE MACRO vesto.plain_regtype(x) AS
  CASE WHEN x = '-' THEN CAST(0 AS UINTEGER) ELSE COALESCE(vesto.number_of_type(vesto.name_parts(system.main.regexp_replace(x, '\(.*?\)', ''))[-1]), NULLIF(vesto.type_number(lower(trim(system.main.regexp_replace(x, '\(.*?\)', '')))), 705),
    MAP {'int': CAST(23 AS UINTEGER), 'float': 701, 'decimal': 1700, 'char': 1042, 'timestamp with time zone': 1184, '"char"': 18}[lower(trim(x))]) END;

CREATE OR REPLACE MACRO vesto.to_regtype(x) AS
  CASE WHEN regexp_full_match(x, '[0-9]+') THEN TRY_CAST(x AS UINTEGER)
    WHEN trim(x) LIKE '%[]' THEN (SELECT map(list(number), list(list)) FROM vesto.catalog_types)[CAST(vesto.plain_regtype(rtrim(trim(x), '[]')) AS INTEGER)]
    ELSE vesto.plain_regtype(x) END;

CREATE OR REPLACE MACRO vesto.regtype(x VARCHAR) AS
    CASE WHEN x IS NULL THEN NULL ELSE CAST(COALESCE(vesto.to_regtype(x), CAST(vesto.failure('42704', 'type "' || x || '" does not exist') AS UINTEGER)) AS UINTEGER) END,
  (x) AS CAST(x AS UINTEGER);

CREATE OR REPLACE MACRO vesto.regtype_text(x VARCHAR) AS vesto.format_type(vesto.regtype(x), NULL),
  (x) AS vesto.format_type(x, NULL);

CREATE OR REPLACE MACRO vesto.to_regproc(x) AS
  (SELECT map(list(called), list(oid)) FROM (SELECT called, min(oid) AS oid FROM vesto.catalog_functions GROUP BY called))[vesto.name_parts(regexp_extract(x, '^[^(]+'))[-1]];

CREATE OR REPLACE MACRO vesto.regproc(x VARCHAR) AS
    CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '[0-9]+') THEN TRY_CAST(x AS UINTEGER)
      ELSE COALESCE(vesto.to_regproc(x), CAST(vesto.failure('42883', 'function "' || x || '" does not exist') AS UINTEGER)) END,
  (x) AS CAST(x AS UINTEGER);

CREATE OR REPLACE MACRO vesto.regproc_text(x VARCHAR) AS x,
  (x) AS CASE WHEN x = 0 THEN '-' ELSE COALESCE((SELECT map(list(oid), list(called)) FROM (SELECT oid, any_value(called) AS called FROM vesto.catalog_functions GROUP BY oid))[CAST(x AS UINTEGER)], CAST(x AS VARCHAR)) END;

CREATE OR REPLACE MACRO vesto.regnamespace(x VARCHAR) AS
    CASE WHEN x IS NULL THEN NULL ELSE COALESCE((SELECT map(list(called), list(oid)) FROM vesto.catalog_schemas)[vesto.name_parts(x)[1]], CAST(vesto.failure('3F000', 'schema "' || x || '" does not exist') AS UINTEGER)) END,
  (x) AS CAST(x AS UINTEGER);

CREATE OR REPLACE MACRO vesto.regnamespace_text(x VARCHAR) AS x,
  (x) AS (SELECT map(list(oid), list(called)) FROM vesto.catalog_schemas)[CAST(x AS UINTEGER)];

CREATE OR REPLACE MACRO vesto.pg_table_is_visible(given) AS
  COALESCE(list_contains((SELECT list(oid) FROM vesto.catalog_visible), CAST(given AS UINTEGER)), FALSE);

CREATE OR REPLACE MACRO vesto.pg_function_is_visible(given) AS
  COALESCE(list_contains((SELECT list(oid) FROM vesto.catalog_functions WHERE place = 'pg_catalog' OR list_contains(vesto.search_schemas(), place)), CAST(given AS UINTEGER)), FALSE);

CREATE OR REPLACE MACRO vesto.always(x) AS x IS NOT NULL;

CREATE OR REPLACE MACRO vesto.pg_get_viewdef(x VARCHAR) AS (SELECT map(list(oid), list(definition)) FROM (SELECT oid, any_value(definition) AS definition FROM vesto.catalog_relations WHERE kind = 'v' GROUP BY oid))[vesto.regclass(x)],
  (x) AS (SELECT map(list(oid), list(definition)) FROM (SELECT oid, any_value(definition) AS definition FROM vesto.catalog_relations WHERE kind = 'v' GROUP BY oid))[CAST(x AS UINTEGER)];

CREATE OR REPLACE VIEW vesto.catalog_function_texts AS
  SELECT oid, any_value(vesto.format_type(returned, NULL)) AS result, any_value(called) AS called,
    any_value(array_to_string(list_transform(types, lambda t, i: COALESCE(vesto.quote_ident(names[i]) || ' ', '') || COALESCE(vesto.type_name(t), '???')), ', ')) AS arguments
  FROM vesto.catalog_functions GROUP BY oid;

CREATE OR REPLACE MACRO vesto.pg_get_function_result(given) AS (SELECT map(list(oid), list(result)) FROM vesto.catalog_function_texts)[CAST(given AS UINTEGER)];

CREATE OR REPLACE MACRO vesto.pg_get_function_arguments(given) AS (SELECT map(list(oid), list(arguments)) FROM vesto.catalog_function_texts)[CAST(given AS UINTEGER)];

CREATE OR REPLACE MACRO vesto.pg_get_functiondef(given) AS
  (SELECT map(list(oid), list(definition)) FROM (SELECT f.oid, any_value('CREATE OR REPLACE FUNCTION ' || vesto.quote_ident(f.place) || '.' || vesto.quote_ident(f.called) || '(' || t.arguments || ')' || chr(10) || ' RETURNS ' || t.result || chr(10)
      || ' LANGUAGE sql' || chr(10) || CASE f.volatility WHEN 'VOLATILE' THEN '' ELSE ' ' || f.volatility || chr(10) END || 'AS $function$' || f.source || '$function$' || chr(10)) AS definition
    FROM vesto.catalog_functions f JOIN vesto.catalog_function_texts t ON t.oid = f.oid WHERE f.language = 'sql' GROUP BY f.oid))[CAST(given AS UINTEGER)];

CREATE OR REPLACE MACRO vesto.col_description(given, nth) AS
  (SELECT map(list(relation || '.' || place_in_row), list(comment)) FROM vesto.catalog_comments WHERE place_in_row > 0)[CAST(given AS VARCHAR) || '.' || CAST(nth AS VARCHAR)];

CREATE OR REPLACE MACRO vesto.obj_description(given) AS (SELECT map(list(relation), list(comment)) FROM vesto.catalog_comments WHERE place_in_row = 0)[CAST(given AS UINTEGER)],
  (given, catalogue) AS CASE WHEN catalogue = 'pg_class' THEN (SELECT map(list(relation), list(comment)) FROM vesto.catalog_comments WHERE place_in_row = 0)[CAST(given AS UINTEGER)] END;

CREATE OR REPLACE MACRO vesto.encodings() AS
  ['none', 'bytedict', 'delta', 'lzo', 'runlength', 'mostly8', 'mostly16', 'mostly32', 'delta32k', 'text255', 'text32k', 'zstd', 'az64'];

CREATE OR REPLACE MACRO vesto.format_encoding(number) AS vesto.encodings()[CAST(number AS INTEGER) + 1];

CREATE OR REPLACE MACRO vesto.schemas_of_path(implicit) AS
  CASE WHEN implicit THEN list_prepend('pg_catalog', vesto.search_schemas()) ELSE vesto.search_schemas() END;

CREATE OR REPLACE MACRO vesto.current_schema_name() AS vesto.search_schemas()[1];

CREATE OR REPLACE MACRO vesto.expanded(list) AS list_transform(list, lambda e, i: {'x': e, 'n': i});

CREATE OR REPLACE MACRO vesto.size_text(bytes) AS
  CASE WHEN abs(bytes) < 10240 THEN bytes || ' bytes' WHEN abs(bytes) < 10485248 THEN CAST(round(bytes / 1024.0) AS BIGINT) || ' kB'
    WHEN abs(bytes) < 10736893952 THEN CAST(round(bytes / 1048576.0) AS BIGINT) || ' MB' WHEN abs(bytes) < 10994579406848 THEN CAST(round(bytes / 1073741824.0) AS BIGINT) || ' GB'
    ELSE CAST(round(bytes / 1099511627776.0) AS BIGINT) || ' TB' END;

CREATE OR REPLACE MACRO vesto.database_size(called) AS
  CASE WHEN called IS NOT NULL THEN (SELECT CAST(sum(block_size * total_blocks) AS BIGINT) FROM pragma_database_size() WHERE database_name = 'dev') END;

-- A table's own share of the file is not known.
CREATE OR REPLACE MACRO vesto.table_size(given) AS CAST(NULL AS BIGINT);

CREATE OR REPLACE VIEW vesto.pg_settings AS
  SELECT name, setting, NULL::VARCHAR AS unit, 'Session' AS category, '' AS short_desc, NULL::VARCHAR AS extra_desc, 'user' AS context, 'string' AS vartype, 'session' AS source, NULL::VARCHAR AS min_val, NULL::VARCHAR AS max_val,
    NULL::VARCHAR[] AS enumvals, setting AS boot_val, setting AS reset_val, NULL::VARCHAR AS sourcefile, NULL::INTEGER AS sourceline, FALSE AS pending_restart
  FROM (SELECT unnest(map_keys(m)) AS name, unnest(map_values(m)) AS setting FROM (SELECT CAST(CAST(getvariable('vesto_settings') AS JSON) AS MAP(VARCHAR, VARCHAR)) AS m));

-- The session's parameters, which it tells the engine as a document.
CREATE OR REPLACE MACRO vesto.current_setting(called) AS
  COALESCE(CAST(CAST(getvariable('vesto_settings') AS JSON) AS MAP(VARCHAR, VARCHAR))[lower(called)],
    CAST(vesto.failure('42704', 'unrecognized configuration parameter "' || called || '"') AS VARCHAR));

-- What privileges are asked of, given as a name or as a number; nothing has no privileges.
CREATE OR REPLACE MACRO vesto.told_table(x VARCHAR) AS x,
  (x) AS (SELECT map(list(oid), list(shown)) FROM (SELECT oid, any_value(vesto.quote_ident(place) || '.' || vesto.quote_ident(called)) AS shown FROM vesto.catalog_relations GROUP BY oid))[CAST(x AS UINTEGER)];

CREATE OR REPLACE MACRO vesto.told_column(relation, x VARCHAR) AS x,
  (relation, x) AS (SELECT map(list(spot), list(shown)) FROM (SELECT vesto.quote_ident(place) || '.' || vesto.quote_ident(relation_name) || '.' || place_in_row AS spot, any_value(called) AS shown FROM vesto.catalog_columns GROUP BY ALL))[vesto.told_table(vesto.regclass(relation)) || '.' || x];

CREATE OR REPLACE MACRO vesto.told_schema(x VARCHAR) AS x,
  (x) AS vesto.quote_ident(vesto.regnamespace_text(x));

CREATE OR REPLACE MACRO vesto.told_database(x VARCHAR) AS x,
  (x) AS CASE WHEN x = 100000 THEN 'dev' END;

CREATE OR REPLACE MACRO vesto.told_function(x VARCHAR) AS x,
  (x) AS (SELECT map(list(oid), list(shown)) FROM (SELECT oid, any_value(vesto.quote_ident(place) || '.' || vesto.quote_ident(called)) AS shown FROM vesto.catalog_functions WHERE place <> 'pg_catalog' GROUP BY oid))[CAST(x AS UINTEGER)];

CREATE OR REPLACE MACRO vesto.told_language(x VARCHAR) AS x,
  (x) AS CAST(x AS VARCHAR);

CREATE OR REPLACE MACRO vesto.told_model(x VARCHAR) AS x,
  (x) AS CAST(x AS VARCHAR);

CREATE OR REPLACE MACRO vesto.told_role(x VARCHAR) AS x,
  (x) AS (SELECT map(list(usesysid), list(usename)) FROM vesto.pg_user)[CAST(x AS INTEGER)];

CREATE OR REPLACE MACRO vesto.told_user(x VARCHAR) AS x,
  (x) AS (SELECT map(list(usesysid), list(usename)) FROM vesto.pg_user)[CAST(x AS INTEGER)];

-- There is nothing of these kinds that could be refused.
CREATE OR REPLACE MACRO vesto.has_sequence_privilege(a, b) AS a IS NOT NULL AND b IS NOT NULL,
  (a, b, c) AS a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL;

CREATE OR REPLACE MACRO vesto.has_tablespace_privilege(a, b) AS a IS NOT NULL AND b IS NOT NULL,
  (a, b, c) AS a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL;

CREATE OR REPLACE MACRO vesto.has_type_privilege(a, b) AS a IS NOT NULL AND b IS NOT NULL,
  (a, b, c) AS a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL;

CREATE OR REPLACE MACRO vesto.has_server_privilege(a, b) AS a IS NOT NULL AND b IS NOT NULL,
  (a, b, c) AS a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL;

CREATE OR REPLACE MACRO vesto.has_foreign_data_wrapper_privilege(a, b) AS a IS NOT NULL AND b IS NOT NULL,
  (a, b, c) AS a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL;

-- pg_catalog --------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW vesto.pg_namespace AS
  SELECT oid, called AS nspname, CASE WHEN oid < 16384 AND oid <> 2200 THEN CAST(10 AS UINTEGER) ELSE vesto.owner_of('SCHEMA', called, '') END AS nspowner, vesto.acl_of('SCHEMA', called, '', '') AS nspacl
  FROM vesto.catalog_schemas;

CREATE OR REPLACE VIEW vesto.pg_class AS
  WITH keys AS MATERIALIZED (SELECT * FROM vesto.catalog_keys), shown AS (
    SELECT oid, called, place, kind, base, columns, row_count, is_system, called AS owned FROM vesto.catalog_relations
    UNION ALL SELECT index_oid, called, place, 'i', 'dev', len(columns), 0, FALSE, relation_name FROM keys WHERE kind IN ('p', 'u')
  ), dist AS (SELECT schema_name, table_name, bool_or(is_distkey) AS keyed FROM vesto.columns GROUP BY ALL),
  keyed AS (SELECT place, lower(relation_name) AS relation_name, bool_or(kind = 'p') AS has_primary, count(*) FILTER (WHERE kind IN ('p', 'u')) AS indexes,
      count(*) FILTER (WHERE kind = 'f') AS foreign_keys, count(*) FILTER (WHERE kind = 'u') AS uniques FROM keys GROUP BY ALL),
  referring AS (SELECT lower(unnest([place || '.' || relation_name, other_schema || '.' || other_table])) AS spot FROM keys WHERE kind = 'f')
  SELECT s.oid, s.called AS relname, n.oid AS relnamespace, CAST(0 AS UINTEGER) AS reltype, CAST(0 AS UINTEGER) AS reloftype,
    CASE WHEN s.is_system THEN CAST(10 AS UINTEGER) ELSE vesto.owner_of('TABLE', s.place, s.owned) END AS relowner,
    CAST(CASE s.kind WHEN 'i' THEN 403 WHEN 'r' THEN 2 ELSE 0 END AS UINTEGER) AS relam, CASE WHEN s.kind = 'v' THEN CAST(0 AS UINTEGER) ELSE s.oid END AS relfilenode,
    CAST(0 AS UINTEGER) AS reltablespace, 0 AS relpages, CAST(s.row_count AS FLOAT) AS reltuples, 0 AS relallvisible,
    CAST(0 AS UINTEGER) AS reltoastrelid, CAST(0 AS UINTEGER) AS reltoastidxid, COALESCE(k.indexes, 0) > 0 AND s.kind = 'r' AS relhasindex, s.is_system AND s.place = 'pg_catalog' AND s.called IN ('pg_database', 'pg_tablespace') AS relisshared,
    vesto.letter(CASE WHEN s.base = 'temp' THEN 't' ELSE 'p' END) AS relpersistence, vesto.letter(s.kind) AS relkind, CAST(s.columns AS SMALLINT) AS relnatts, CAST(0 AS SMALLINT) AS relchecks,
    CAST(0 AS SMALLINT) AS reltriggers, CAST(COALESCE(k.uniques, 0) AS SMALLINT) AS relukeys, CAST(COALESCE(k.foreign_keys, 0) AS SMALLINT) AS relfkeys, CAST(0 AS SMALLINT) AS relrefs,
    FALSE AS relhasoids, COALESCE(k.has_primary, FALSE) AND s.kind = 'r' AS relhaspkey, s.kind = 'v' AS relhasrules, s.kind = 'r' AND COALESCE(lower(s.place || '.' || s.called) IN (SELECT spot FROM referring), FALSE) AS relhastriggers, FALSE AS relhassubclass,
    FALSE AS relrowsecurity, FALSE AS relforcerowsecurity, TRUE AS relispopulated, vesto.letter('n') AS relreplident, FALSE AS relispartition, CAST(0 AS UINTEGER) AS relrewrite,
    CASE WHEN s.kind <> 'i' AND s.base = 'dev' THEN vesto.acl_of('TABLE', s.place, s.called, '') END AS relacl, CAST(NULL AS VARCHAR[]) AS reloptions, CAST(NULL AS VARCHAR) AS relpartbound,
    CAST(CASE WHEN d.keyed THEN 1 ELSE 0 END AS SMALLINT) AS reldiststyle, CAST(CASE WHEN d.keyed THEN 1 ELSE 0 END AS SMALLINT) AS releffectivediststyle, CAST(NULL AS TIMESTAMP) AS relcreationtime
  FROM shown s JOIN vesto.catalog_schemas n ON n.called = s.place
    LEFT JOIN keyed k ON k.place = s.place AND k.relation_name = lower(s.called)
    LEFT JOIN dist d ON d.schema_name = CASE WHEN s.kind = 'r' THEN s.place END AND d.table_name = lower(s.called);

CREATE OR REPLACE VIEW vesto.pg_attribute AS
  WITH columns AS MATERIALIZED (
    SELECT relation, place, relation_name, called, place_in_row, type, modifier, not_null, default_text IS NOT NULL AS has_default, encoding, is_distkey, sortkey, is_generated, is_identity FROM vesto.catalog_columns
  ), shown AS (
    SELECT relation, called, place_in_row, type, modifier, not_null, has_default, encoding, is_distkey, sortkey, is_generated, is_identity, place_in_row AS place_in_table,
        vesto.acl_of('TABLE', place, relation_name, called) AS acl
      FROM columns
    UNION ALL SELECT k.index_oid, c.called, CAST(k.place_in_key AS SMALLINT), c.type, c.modifier, FALSE, FALSE, 'none', FALSE, 0, FALSE, FALSE, c.place_in_row, NULL
      FROM vesto.catalog_key_columns k JOIN columns c ON c.place = k.place AND lower(c.relation_name) = k.relation_name AND lower(c.called) = k.called)
  SELECT s.relation AS attrelid, s.called AS attname, s.type AS atttypid, -1 AS attstattarget, CAST(t.size AS SMALLINT) AS attlen, s.place_in_row AS attnum,
    CASE WHEN starts_with(t.called, '_') THEN 1 ELSE 0 END AS attndims, -1 AS attcacheoff, s.modifier AS atttypmod, t.by_value AS attbyval, vesto.letter(t.alignment) AS attalign,
    vesto.letter(t.storage) AS attstorage, vesto.letter('') AS attcompression, s.not_null AS attnotnull, s.has_default AS atthasdef, FALSE AS atthasmissing,
    vesto.letter(CASE WHEN s.is_identity THEN CASE WHEN s.is_generated THEN 'a' ELSE 'd' END ELSE '' END) AS attidentity, vesto.letter('') AS attgenerated,
    FALSE AS attisdropped, TRUE AS attislocal, 0 AS attinhcount, CAST(0 AS UINTEGER) AS attcollation, s.acl AS attacl, CAST(NULL AS VARCHAR[]) AS attoptions,
    CAST(NULL AS VARCHAR[]) AS attfdwoptions, s.is_distkey AS attisdistkey, CAST(s.sortkey AS INTEGER) AS attsortkeyord,
    CAST(COALESCE(list_position(vesto.encodings(), s.encoding), 1) - 1 AS SMALLINT) AS attencodingtype, CAST(0 AS SMALLINT) AS attencrypttype
  FROM shown s JOIN vesto.catalog_types t ON t.number = s.type;

CREATE OR REPLACE VIEW vesto.pg_attribute_info AS SELECT * FROM vesto.pg_attribute;

CREATE OR REPLACE VIEW vesto.pg_attrdef AS
  SELECT vesto.oid_of('default', place, relation_name || '.' || called) AS oid, relation AS adrelid, place_in_row AS adnum, default_text AS adbin, default_text AS adsrc
  FROM vesto.catalog_columns WHERE default_text IS NOT NULL;

CREATE OR REPLACE VIEW vesto.pg_type AS
  SELECT CAST(number AS UINTEGER) AS oid, called AS typname, CAST(11 AS UINTEGER) AS typnamespace, CAST(10 AS UINTEGER) AS typowner, CAST(size AS SMALLINT) AS typlen, by_value AS typbyval,
    vesto.letter(kind) AS typtype, vesto.letter(category) AS typcategory, number IN (16, 25, 26, 701, 1043, 1184) AS typispreferred, TRUE AS typisdefined, ',' AS typdelim,
    CAST(0 AS UINTEGER) AS typrelid, CAST(CASE WHEN element <> 0 AND size = -1 THEN 6179 ELSE 0 END AS UINTEGER) AS typsubscript, CAST(element AS UINTEGER) AS typelem, CAST(list AS UINTEGER) AS typarray,
    CAST(CASE WHEN category = 'A' AND starts_with(called, '_') THEN 750 ELSE number + 100000 END AS UINTEGER) AS typinput, CAST(CASE WHEN category = 'A' THEN 751 ELSE number + 200000 END AS UINTEGER) AS typoutput,
    CAST(CASE WHEN kind = 'p' THEN 0 WHEN category = 'A' THEN 2400 ELSE number + 300000 END AS UINTEGER) AS typreceive, CAST(CASE WHEN kind = 'p' THEN 0 WHEN category = 'A' THEN 2401 ELSE number + 400000 END AS UINTEGER) AS typsend,
    CAST(0 AS UINTEGER) AS typmodin, CAST(0 AS UINTEGER) AS typmodout, CAST(0 AS UINTEGER) AS typanalyze, vesto.letter(alignment) AS typalign, vesto.letter(storage) AS typstorage,
    FALSE AS typnotnull, CAST(0 AS UINTEGER) AS typbasetype, -1 AS typtypmod, 0 AS typndims, CAST(0 AS UINTEGER) AS typcollation, CAST(NULL AS VARCHAR) AS typdefaultbin,
    CAST(NULL AS VARCHAR) AS typdefault, CAST(NULL AS VARCHAR[]) AS typacl
  FROM vesto.catalog_types;

CREATE OR REPLACE VIEW vesto.pg_constraint AS
  SELECT k.oid, k.called AS conname, n.oid AS connamespace, vesto.letter(k.kind) AS contype, FALSE AS condeferrable, FALSE AS condeferred, TRUE AS convalidated, k.relation AS conrelid,
    CAST(0 AS UINTEGER) AS contypid, CASE WHEN k.kind = 'f' THEN CAST(k.other_index AS UINTEGER) ELSE k.index_oid END AS conindid, CAST(0 AS UINTEGER) AS conparentid, CAST(k.other_relation AS UINTEGER) AS confrelid,
    vesto.letter(CASE WHEN k.kind = 'f' THEN 'a' ELSE '' END) AS confupdtype, vesto.letter(CASE WHEN k.kind = 'f' THEN 'a' ELSE '' END) AS confdeltype, vesto.letter(CASE WHEN k.kind = 'f' THEN 's' ELSE '' END) AS confmatchtype,
    TRUE AS conislocal, 0 AS coninhcount, TRUE AS connoinherit, CAST(k.numbers AS SMALLINT[]) AS conkey, CAST(k.other_numbers AS SMALLINT[]) AS confkey, CAST(NULL AS VARCHAR) AS conbin, CAST(NULL AS VARCHAR) AS consrc
  FROM vesto.catalog_constraints k JOIN vesto.catalog_schemas n ON n.called = k.place;

CREATE OR REPLACE VIEW vesto.pg_index AS
  SELECT index_oid AS indexrelid, relation AS indrelid, CAST(len(numbers) AS SMALLINT) AS indnatts, CAST(len(numbers) AS SMALLINT) AS indnkeyatts, TRUE AS indisunique, FALSE AS indnullsnotdistinct,
    kind = 'p' AS indisprimary, FALSE AS indisexclusion, TRUE AS indimmediate, FALSE AS indisclustered, TRUE AS indisvalid, FALSE AS indcheckxmin, TRUE AS indisready, TRUE AS indislive, FALSE AS indisreplident,
    CAST(numbers AS USMALLINT[]) AS indkey, list_transform(numbers, lambda n: CAST(0 AS UBIGINT)) AS indcollation, list_transform(numbers, lambda n: CAST(0 AS UBIGINT)) AS indclass,
    list_transform(numbers, lambda n: CAST(0 AS USMALLINT)) AS indoption, CAST(NULL AS VARCHAR) AS indexprs, CAST(NULL AS VARCHAR) AS indpred
  FROM vesto.catalog_constraints WHERE kind IN ('p', 'u');

-- What a foreign key, and a view, leans on.
CREATE OR REPLACE VIEW vesto.pg_depend AS
  SELECT CAST(2606 AS UINTEGER) AS classid, oid AS objid, 0 AS objsubid, CAST(1259 AS UINTEGER) AS refclassid, CAST(other_index AS UINTEGER) AS refobjid, 0 AS refobjsubid, vesto.letter('n') AS deptype
    FROM vesto.catalog_constraints WHERE kind = 'f' AND other_index <> 0
  UNION ALL SELECT CAST(2618 AS UINTEGER), vesto.oid_of('rule', place, called), 0, CAST(1259 AS UINTEGER), oid, 0, vesto.letter('i') FROM vesto.catalog_relations WHERE kind = 'v' AND NOT is_system
  UNION ALL SELECT CAST(2618 AS UINTEGER), vesto.oid_of('rule', u.view_schema, u.view_name), 0, CAST(1259 AS UINTEGER), r.oid, 1, vesto.letter('n')
    FROM vesto.svv_view_dependencies u JOIN vesto.catalog_relations r ON r.place = u.table_schema AND lower(r.called) = u.table_name;

CREATE OR REPLACE VIEW vesto.pg_rewrite AS
  SELECT vesto.oid_of('rule', place, called) AS oid, '_RETURN' AS rulename, oid AS ev_class, CAST(-1 AS SMALLINT) AS ev_attr, vesto.letter('1') AS ev_type, vesto.letter('O') AS ev_enabled, TRUE AS is_instead, CAST(NULL AS VARCHAR) AS ev_qual, definition AS ev_action
  FROM vesto.catalog_relations WHERE kind = 'v' AND NOT is_system;

CREATE OR REPLACE VIEW vesto.pg_description AS
  SELECT oid AS objoid, CAST(1259 AS UINTEGER) AS classoid, 0 AS objsubid, comment AS description FROM vesto.catalog_relations WHERE comment IS NOT NULL
  UNION ALL SELECT relation, CAST(1259 AS UINTEGER), CAST(place_in_row AS INTEGER), comment FROM vesto.catalog_columns WHERE comment IS NOT NULL;

CREATE OR REPLACE VIEW vesto.pg_proc AS
  SELECT f.oid, f.called AS proname, n.oid AS pronamespace, f.owner AS proowner, CAST(CASE f.language WHEN 'internal' THEN 12 WHEN 'sql' THEN 14 ELSE 101 END AS UINTEGER) AS prolang, CAST(1 AS FLOAT) AS procost, CAST(0 AS FLOAT) AS prorows,
    CAST(0 AS UINTEGER) AS provariadic, CAST(0 AS UINTEGER) AS prosupport, vesto.letter('f') AS prokind, FALSE AS proisagg, FALSE AS proiswindow, FALSE AS prosecdef, FALSE AS proleakproof, FALSE AS proisstrict, FALSE AS proretset,
    vesto.letter(lower(f.volatility[1])) AS provolatile, vesto.letter('u') AS proparallel, CAST(len(f.types) AS SMALLINT) AS pronargs, CAST(0 AS SMALLINT) AS pronargdefaults,
    f.returned AS prorettype, CAST(f.types AS UBIGINT[]) AS proargtypes, CAST(NULL AS UINTEGER[]) AS proallargtypes, CAST(NULL AS VARCHAR[]) AS proargmodes, f.names AS proargnames, CAST(NULL AS VARCHAR) AS proargdefaults,
    f.source AS prosrc, CAST(NULL AS VARCHAR) AS probin, CAST(NULL AS VARCHAR[]) AS proconfig,
    CASE WHEN f.language = 'sql' THEN vesto.acl_of('FUNCTION', f.place, f.called, '') END AS proacl
  FROM vesto.catalog_functions f JOIN vesto.catalog_schemas n ON n.called = f.place;

CREATE OR REPLACE VIEW vesto.pg_proc_info AS SELECT oid AS prooid, * EXCLUDE (oid) FROM vesto.pg_proc;

CREATE OR REPLACE VIEW vesto.pg_language AS
  SELECT CAST(number AS UINTEGER) AS oid, called AS lanname, CAST(10 AS UINTEGER) AS lanowner, FALSE AS lanispl, number <> 12 AS lanpltrusted, CAST(0 AS UINTEGER) AS lanplcallfoid, CAST(0 AS UINTEGER) AS laninline, CAST(0 AS UINTEGER) AS lanvalidator, CAST(NULL AS VARCHAR[]) AS lanacl
  FROM (VALUES (12, 'internal'), (14, 'sql'), (101, 'mlfunction')) AS t(number, called);

CREATE OR REPLACE VIEW vesto.pg_database AS
  SELECT CAST(100000 + n AS UINTEGER) AS oid, 'dev' AS datname, vesto.owner_number() AS datdba, 6 AS encoding, vesto.letter('c') AS datlocprovider, FALSE AS datistemplate, TRUE AS datallowconn, -1 AS datconnlimit,
    CAST(1663 AS UINTEGER) AS dattablespace, 'C' AS datcollate, 'C' AS datctype, CAST(NULL AS VARCHAR) AS daticulocale, CAST(NULL AS VARCHAR) AS datcollversion, CAST(NULL AS VARCHAR) AS datconfig, vesto.acl_of('DATABASE', '', '', '') AS datacl
  FROM range(1) AS t(n);

CREATE OR REPLACE VIEW vesto.pg_database_info AS SELECT oid AS datid, * EXCLUDE (oid) FROM vesto.pg_database;

CREATE OR REPLACE VIEW vesto.pg_tablespace AS
  SELECT CAST(number AS UINTEGER) AS oid, called AS spcname, CAST(10 AS UINTEGER) AS spcowner, '' AS spclocation, CAST(NULL AS VARCHAR[]) AS spcacl, CAST(NULL AS VARCHAR[]) AS spcoptions
  FROM (VALUES (1663, 'pg_default'), (1664, 'pg_global')) AS t(number, called);

CREATE OR REPLACE VIEW vesto.pg_am AS
  SELECT CAST(number AS UINTEGER) AS oid, called AS amname, CAST(0 AS UINTEGER) AS amhandler, vesto.letter(kind) AS amtype FROM (VALUES (2, 'heap', 't'), (403, 'btree', 'i'), (405, 'hash', 'i')) AS t(number, called, kind);

CREATE OR REPLACE VIEW vesto.pg_collation AS
  SELECT CAST(number AS UINTEGER) AS oid, called AS collname, CAST(11 AS UINTEGER) AS collnamespace, CAST(10 AS UINTEGER) AS collowner, vesto.letter('c') AS collprovider, TRUE AS collisdeterministic, -1 AS collencoding, called AS collcollate, called AS collctype, CAST(NULL AS VARCHAR) AS colliculocale, CAST(NULL AS VARCHAR) AS collversion
  FROM (VALUES (100, 'default'), (950, 'C'), (951, 'POSIX')) AS t(number, called);

-- Users; pg_user is Python's.
CREATE OR REPLACE VIEW vesto.pg_roles AS
  SELECT usename AS rolname, usesuper AS rolsuper, TRUE AS rolinherit, usesuper AS rolcreaterole, usecreatedb AS rolcreatedb, TRUE AS rolcanlogin, FALSE AS rolreplication, -1 AS rolconnlimit, '********' AS rolpassword,
    CAST(valuntil AS TIMESTAMPTZ) AS rolvaliduntil, usesuper AS rolbypassrls, CAST(NULL AS VARCHAR[]) AS rolconfig, CAST(usesysid AS UINTEGER) AS oid FROM vesto.pg_user;

CREATE OR REPLACE VIEW vesto.pg_authid AS SELECT * FROM vesto.pg_roles;

CREATE OR REPLACE VIEW vesto.pg_shadow AS SELECT usename, usesysid, usecreatedb, usesuper, usecatupd, passwd, valuntil, useconfig FROM vesto.pg_user;

CREATE OR REPLACE VIEW vesto.pg_user_info AS SELECT usename, usesysid, usecreatedb, usesuper, usecatupd, passwd, valuntil, useconfig, 'UNLIMITED' AS useconnlimit, NULL::VARCHAR AS syslogaccess, CAST(NULL AS TIMESTAMP) AS last_ddl_ts, 0 AS sessiontimeout, NULL::VARCHAR AS external_user_id FROM vesto.pg_user;

CREATE OR REPLACE VIEW vesto.pg_group AS SELECT name AS groname, id AS grosysid, CAST(members AS INTEGER[]) AS grolist FROM vesto.catalog_identities WHERE kind = 'GROUP';

CREATE OR REPLACE VIEW vesto.pg_default_acl AS
  WITH given AS (SELECT d.creator, d.schema_name, d.kind, d.grantee_kind, COALESCE(t.told, '?') AS told, b.told AS given_by,
      string_agg(vesto.privilege_letter(d.privilege) || CASE WHEN d.grant_option THEN '*' ELSE '' END, '' ORDER BY strpos('arwdxXUCTDPA', vesto.privilege_letter(d.privilege))) AS letters
    FROM vesto.default_privileges d LEFT JOIN vesto.catalog_grantees t ON t.kind = d.grantee_kind AND t.id = d.grantee
      LEFT JOIN vesto.catalog_grantees b ON b.kind = 'USER' AND b.id = d.creator
    GROUP BY ALL)
  SELECT vesto.oid_of('default privileges', g.schema_name, g.creator || ' ' || g.kind) AS oid, CAST(g.creator AS UINTEGER) AS defacluser, CAST(g.creator AS UINTEGER) AS defaclrole, COALESCE(n.oid, CAST(0 AS UINTEGER)) AS defaclnamespace,
    vesto.letter(MAP {'TABLE': 'r', 'FUNCTION': 'f', 'SCHEMA': 'n'}[g.kind]) AS defaclobjtype, list(vesto.acl_items(g.letters, g.told, g.given_by) ORDER BY g.grantee_kind <> 'PUBLIC', g.told) AS defaclacl
  FROM given g LEFT JOIN vesto.catalog_schemas n ON n.called = g.schema_name GROUP BY ALL;

CREATE OR REPLACE VIEW vesto.pg_auth_members AS SELECT NULL::UINTEGER AS roleid, NULL::UINTEGER AS member, NULL::UINTEGER AS grantor, NULL::BOOLEAN AS admin_option LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_tables AS
  SELECT r.place AS schemaname, r.called AS tablename, vesto.pg_get_userbyid(CASE WHEN r.is_system THEN 10 ELSE vesto.owner_of('TABLE', r.place, r.called) END) AS tableowner, CAST(NULL AS VARCHAR) AS tablespace,
    r.oid IN (SELECT relation FROM vesto.catalog_constraints WHERE kind IN ('p', 'u')) AS hasindexes, FALSE AS hasrules, FALSE AS hastriggers, FALSE AS rowsecurity
  FROM vesto.catalog_relations r WHERE r.kind = 'r';

CREATE OR REPLACE VIEW vesto.pg_views AS
  SELECT place AS schemaname, called AS viewname, vesto.pg_get_userbyid(CASE WHEN is_system THEN 10 ELSE vesto.owner_of('TABLE', place, called) END) AS viewowner, definition FROM vesto.catalog_relations WHERE kind = 'v';

CREATE OR REPLACE VIEW vesto.pg_matviews AS
  SELECT NULL::VARCHAR AS schemaname, NULL::VARCHAR AS matviewname, NULL::VARCHAR AS matviewowner, NULL::VARCHAR AS tablespace, NULL::BOOLEAN AS hasindexes, NULL::BOOLEAN AS ispopulated, NULL::VARCHAR AS definition LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_indexes AS
  SELECT place AS schemaname, relation_name AS tablename, called AS indexname, CAST(NULL AS VARCHAR) AS tablespace, vesto.pg_get_indexdef(index_oid) AS indexdef FROM vesto.catalog_keys WHERE kind IN ('p', 'u');

CREATE OR REPLACE VIEW vesto.pg_keywords AS
  SELECT word, vesto.letter(catcode) AS catcode, CASE catcode WHEN 'R' THEN 'reserved' WHEN 'T' THEN 'reserved (can be function or type name)' WHEN 'C' THEN 'unreserved (cannot be function or type name)' ELSE 'unreserved' END AS catdesc
  FROM (VALUES
    ('abort', 'U'), ('absolute', 'U'), ('access', 'U'), ('action', 'U'), ('add', 'U'), ('admin', 'U'), ('after', 'U'), ('aggregate', 'U'), ('all',
    'R'), ('also', 'U'), ('alter', 'U'), ('always', 'U'), ('analyse', 'R'), ('analyze', 'R'), ('and', 'R'), ('any', 'R'), ('array', 'R'), ('as', 'R'),
    ('asc', 'R'), ('asensitive', 'U'), ('assertion', 'U'), ('assignment', 'U'), ('asymmetric', 'R'), ('at', 'U'), ('atomic', 'U'), ('attach', 'U'),
    ('attribute', 'U'), ('authorization', 'T'), ('backward', 'U'), ('before', 'U'), ('begin', 'U'), ('between', 'C'), ('bigint', 'C'), ('binary',
    'T'), ('bit', 'C'), ('boolean', 'C'), ('both', 'R'), ('breadth', 'U'), ('by', 'U'), ('cache', 'U'), ('call', 'U'), ('called', 'U'), ('cascade',
    'U'), ('cascaded', 'U'), ('case', 'R'), ('cast', 'R'), ('catalog', 'U'), ('chain', 'U'), ('char', 'C'), ('character', 'C'), ('characteristics',
    'U'), ('check', 'R'), ('checkpoint', 'U'), ('class', 'U'), ('close', 'U'), ('cluster', 'U'), ('coalesce', 'C'), ('collate', 'R'), ('collation',
    'T'), ('column', 'R'), ('columns', 'U'), ('comment', 'U'), ('comments', 'U'), ('commit', 'U'), ('committed', 'U'), ('compression', 'U'),
    ('concurrently', 'T'), ('configuration', 'U'), ('conflict', 'U'), ('connection', 'U'), ('constraint', 'R'), ('constraints', 'U'), ('content',
    'U'), ('continue', 'U'), ('conversion', 'U'), ('copy', 'U'), ('cost', 'U'), ('create', 'R'), ('cross', 'T'), ('csv', 'U'), ('cube', 'U'),
    ('current', 'U'), ('current_catalog', 'R'), ('current_date', 'R'), ('current_role', 'R'), ('current_schema', 'T'), ('current_time', 'R'),
    ('current_timestamp', 'R'), ('current_user', 'R'), ('cursor', 'U'), ('cycle', 'U'), ('data', 'U'), ('database', 'U'), ('day', 'U'), ('deallocate',
    'U'), ('dec', 'C'), ('decimal', 'C'), ('declare', 'U'), ('default', 'R'), ('defaults', 'U'), ('deferrable', 'R'), ('deferred', 'U'), ('definer',
    'U'), ('delete', 'U'), ('delimiter', 'U'), ('delimiters', 'U'), ('depends', 'U'), ('depth', 'U'), ('desc', 'R'), ('detach', 'U'), ('dictionary',
    'U'), ('disable', 'U'), ('discard', 'U'), ('distinct', 'R'), ('do', 'R'), ('document', 'U'), ('domain', 'U'), ('double', 'U'), ('drop', 'U'),
    ('each', 'U'), ('else', 'R'), ('enable', 'U'), ('encoding', 'U'), ('encrypted', 'U'), ('end', 'R'), ('enum', 'U'), ('escape', 'U'), ('event',
    'U'), ('except', 'R'), ('exclude', 'U'), ('excluding', 'U'), ('exclusive', 'U'), ('execute', 'U'), ('exists', 'C'), ('explain', 'U'),
    ('expression', 'U'), ('extension', 'U'), ('external', 'U'), ('extract', 'C'), ('false', 'R'), ('family', 'U'), ('fetch', 'R'), ('filter', 'U'),
    ('finalize', 'U'), ('first', 'U'), ('float', 'C'), ('following', 'U'), ('for', 'R'), ('force', 'U'), ('foreign', 'R'), ('forward', 'U'),
    ('freeze', 'T'), ('from', 'R'), ('full', 'T'), ('function', 'U'), ('functions', 'U'), ('generated', 'U'), ('global', 'U'), ('grant', 'R'),
    ('granted', 'U'), ('greatest', 'C'), ('group', 'R'), ('grouping', 'C'), ('groups', 'U'), ('handler', 'U'), ('having', 'R'), ('header', 'U'),
    ('hold', 'U'), ('hour', 'U'), ('identity', 'U'), ('if', 'U'), ('ilike', 'T'), ('immediate', 'U'), ('immutable', 'U'), ('implicit', 'U'),
    ('import', 'U'), ('in', 'R'), ('include', 'U'), ('including', 'U'), ('increment', 'U'), ('index', 'U'), ('indexes', 'U'), ('inherit', 'U'),
    ('inherits', 'U'), ('initially', 'R'), ('inline', 'U'), ('inner', 'T'), ('inout', 'C'), ('input', 'U'), ('insensitive', 'U'), ('insert', 'U'),
    ('instead', 'U'), ('int', 'C'), ('integer', 'C'), ('intersect', 'R'), ('interval', 'C'), ('into', 'R'), ('invoker', 'U'), ('is', 'T'), ('isnull',
    'T'), ('isolation', 'U'), ('join', 'T'), ('key', 'U'), ('label', 'U'), ('language', 'U'), ('large', 'U'), ('last', 'U'), ('lateral', 'R'),
    ('leading', 'R'), ('leakproof', 'U'), ('least', 'C'), ('left', 'T'), ('level', 'U'), ('like', 'T'), ('limit', 'R'), ('listen', 'U'), ('load',
    'U'), ('local', 'U'), ('localtime', 'R'), ('localtimestamp', 'R'), ('location', 'U'), ('lock', 'U'), ('locked', 'U'), ('logged', 'U'), ('mapping',
    'U'), ('match', 'U'), ('matched', 'U'), ('materialized', 'U'), ('maxvalue', 'U'), ('merge', 'U'), ('method', 'U'), ('minute', 'U'), ('minvalue',
    'U'), ('mode', 'U'), ('month', 'U'), ('move', 'U'), ('name', 'U'), ('names', 'U'), ('national', 'C'), ('natural', 'T'), ('nchar', 'C'), ('new',
    'U'), ('next', 'U'), ('nfc', 'U'), ('nfd', 'U'), ('nfkc', 'U'), ('nfkd', 'U'), ('no', 'U'), ('none', 'C'), ('normalize', 'C'), ('normalized',
    'U'), ('not', 'R'), ('nothing', 'U'), ('notify', 'U'), ('notnull', 'T'), ('nowait', 'U'), ('null', 'R'), ('nullif', 'C'), ('nulls', 'U'),
    ('numeric', 'C'), ('object', 'U'), ('of', 'U'), ('off', 'U'), ('offset', 'R'), ('oids', 'U'), ('old', 'U'), ('on', 'R'), ('only', 'R'),
    ('operator', 'U'), ('option', 'U'), ('options', 'U'), ('or', 'R'), ('order', 'R'), ('ordinality', 'U'), ('others', 'U'), ('out', 'C'), ('outer',
    'T'), ('over', 'U'), ('overlaps', 'T'), ('overlay', 'C'), ('overriding', 'U'), ('owned', 'U'), ('owner', 'U'), ('parallel', 'U'), ('parameter',
    'U'), ('parser', 'U'), ('partial', 'U'), ('partition', 'U'), ('passing', 'U'), ('password', 'U'), ('placing', 'R'), ('plans', 'U'), ('policy',
    'U'), ('position', 'C'), ('preceding', 'U'), ('precision', 'C'), ('prepare', 'U'), ('prepared', 'U'), ('preserve', 'U'), ('primary', 'R'),
    ('prior', 'U'), ('privileges', 'U'), ('procedural', 'U'), ('procedure', 'U'), ('procedures', 'U'), ('program', 'U'), ('publication', 'U'),
    ('quote', 'U'), ('range', 'U'), ('read', 'U'), ('real', 'C'), ('reassign', 'U'), ('recheck', 'U'), ('recursive', 'U'), ('ref', 'U'),
    ('references', 'R'), ('referencing', 'U'), ('refresh', 'U'), ('reindex', 'U'), ('relative', 'U'), ('release', 'U'), ('rename', 'U'),
    ('repeatable', 'U'), ('replace', 'U'), ('replica', 'U'), ('reset', 'U'), ('restart', 'U'), ('restrict', 'U'), ('return', 'U'), ('returning', 'R'),
    ('returns', 'U'), ('revoke', 'U'), ('right', 'T'), ('role', 'U'), ('rollback', 'U'), ('rollup', 'U'), ('routine', 'U'), ('routines', 'U'), ('row',
    'C'), ('rows', 'U'), ('rule', 'U'), ('savepoint', 'U'), ('schema', 'U'), ('schemas', 'U'), ('scroll', 'U'), ('search', 'U'), ('second', 'U'),
    ('security', 'U'), ('select', 'R'), ('sequence', 'U'), ('sequences', 'U'), ('serializable', 'U'), ('server', 'U'), ('session', 'U'),
    ('session_user', 'R'), ('set', 'U'), ('setof', 'C'), ('sets', 'U'), ('share', 'U'), ('show', 'U'), ('similar', 'T'), ('simple', 'U'), ('skip',
    'U'), ('smallint', 'C'), ('snapshot', 'U'), ('some', 'R'), ('sql', 'U'), ('stable', 'U'), ('standalone', 'U'), ('start', 'U'), ('statement', 'U'),
    ('statistics', 'U'), ('stdin', 'U'), ('stdout', 'U'), ('storage', 'U'), ('stored', 'U'), ('strict', 'U'), ('strip', 'U'), ('subscription', 'U'),
    ('substring', 'C'), ('support', 'U'), ('symmetric', 'R'), ('sysid', 'U'), ('system', 'U'), ('table', 'R'), ('tables', 'U'), ('tablesample', 'T'),
    ('tablespace', 'U'), ('temp', 'U'), ('template', 'U'), ('temporary', 'U'), ('text', 'U'), ('then', 'R'), ('ties', 'U'), ('time', 'C'),
    ('timestamp', 'C'), ('to', 'R'), ('trailing', 'R'), ('transaction', 'U'), ('transform', 'U'), ('treat', 'C'), ('trigger', 'U'), ('trim', 'C'),
    ('true', 'R'), ('truncate', 'U'), ('trusted', 'U'), ('type', 'U'), ('types', 'U'), ('uescape', 'U'), ('unbounded', 'U'), ('uncommitted', 'U'),
    ('unencrypted', 'U'), ('union', 'R'), ('unique', 'R'), ('unknown', 'U'), ('unlisten', 'U'), ('unlogged', 'U'), ('until', 'U'), ('update', 'U'),
    ('user', 'R'), ('using', 'R'), ('vacuum', 'U'), ('valid', 'U'), ('validate', 'U'), ('validator', 'U'), ('value', 'U'), ('values', 'C'),
    ('varchar', 'C'), ('variadic', 'R'), ('varying', 'U'), ('verbose', 'T'), ('version', 'U'), ('view', 'U'), ('views', 'U'), ('volatile', 'U'),
    ('when', 'R'), ('where', 'R'), ('whitespace', 'U'), ('window', 'R'), ('with', 'R'), ('within', 'U'), ('without', 'U'), ('work', 'U'), ('wrapper',
    'U'), ('write', 'U'), ('xml', 'U'), ('xmlattributes', 'C'), ('xmlconcat', 'C'), ('xmlelement', 'C'), ('xmlexists', 'C'), ('xmlforest', 'C'),
    ('xmlnamespaces', 'C'), ('xmlparse', 'C'), ('xmlpi', 'C'), ('xmlroot', 'C'), ('xmlserialize', 'C'), ('xmltable', 'C'), ('year', 'U'), ('yes',
    'U'), ('zone', 'U')) AS t(word, catcode);
