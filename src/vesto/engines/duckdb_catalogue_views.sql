-- information_schema, the catalogue's empty relations, and Redshift's SVV, STV, STL and SYS views.
-- Source: Amazon Redshift Database Developer Guide, "System tables and views"; PostgreSQL manual,
-- "The Information Schema". What describes clusters, or logs that are not kept, has no rows.

CREATE OR REPLACE MACRO vesto.yes_or_no(x) AS CASE WHEN x THEN 'YES' WHEN NOT x THEN 'NO' END;

CREATE OR REPLACE VIEW vesto."information_schema.schemata" AS
  SELECT 'dev' AS catalog_name, nspname AS schema_name, vesto.pg_get_userbyid(nspowner) AS schema_owner, NULL::VARCHAR AS default_character_set_catalog, NULL::VARCHAR AS default_character_set_schema,
    NULL::VARCHAR AS default_character_set_name, NULL::VARCHAR AS sql_path FROM vesto.pg_namespace;

CREATE OR REPLACE VIEW vesto."information_schema.tables" AS
  SELECT 'dev' AS table_catalog, place AS table_schema, called AS table_name, CASE WHEN kind = 'v' THEN 'VIEW' WHEN base = 'temp' THEN 'LOCAL TEMPORARY' ELSE 'BASE TABLE' END AS table_type,
    NULL::VARCHAR AS self_referencing_column_name, NULL::VARCHAR AS reference_generation, NULL::VARCHAR AS user_defined_type_catalog, NULL::VARCHAR AS user_defined_type_schema, NULL::VARCHAR AS user_defined_type_name,
    vesto.yes_or_no(kind = 'r' AND NOT is_system) AS is_insertable_into, 'NO' AS is_typed, CASE WHEN base = 'temp' THEN 'PRESERVE' END AS commit_action
  FROM vesto.catalog_relations;

CREATE OR REPLACE VIEW vesto."information_schema.columns" AS
  SELECT 'dev' AS table_catalog, place AS table_schema, relation_name AS table_name, called AS column_name, CAST(place_in_row AS INTEGER) AS ordinal_position, default_text AS column_default,
    vesto.yes_or_no(NOT not_null) AS is_nullable, CASE WHEN type_text LIKE '%[]' THEN 'ARRAY' ELSE system.main.regexp_replace(type_text, '\(.*\)', '') END AS data_type,
    CASE WHEN type IN (1042, 1043, 6551) AND modifier > 4 THEN modifier - 4 END AS character_maximum_length, CASE WHEN type IN (1042, 1043) AND modifier > 4 THEN modifier - 4 END AS character_octet_length,
    CASE type WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53 WHEN 1700 THEN CASE WHEN modifier > 0 THEN (modifier - 4) >> 16 END END AS numeric_precision,
    CASE WHEN type IN (20, 21, 23, 700, 701) THEN 2 WHEN type = 1700 THEN 10 END AS numeric_precision_radix,
    CASE WHEN type IN (20, 21, 23) THEN 0 WHEN type = 1700 AND modifier > 0 THEN (modifier - 4) & 65535 END AS numeric_scale,
    CASE WHEN type IN (1083, 1114, 1184, 1266) THEN 6 WHEN type = 1082 THEN 0 END AS datetime_precision, NULL::VARCHAR AS interval_type, NULL::INTEGER AS interval_precision,
    NULL::VARCHAR AS character_set_catalog, NULL::VARCHAR AS character_set_schema, NULL::VARCHAR AS character_set_name, NULL::VARCHAR AS collation_catalog, NULL::VARCHAR AS collation_schema, NULL::VARCHAR AS collation_name,
    NULL::VARCHAR AS domain_catalog, NULL::VARCHAR AS domain_schema, NULL::VARCHAR AS domain_name, 'dev' AS udt_catalog, 'pg_catalog' AS udt_schema, t.typname AS udt_name,
    NULL::VARCHAR AS scope_catalog, NULL::VARCHAR AS scope_schema, NULL::VARCHAR AS scope_name, NULL::INTEGER AS maximum_cardinality, CAST(place_in_row AS VARCHAR) AS dtd_identifier, 'NO' AS is_self_referencing,
    vesto.yes_or_no(is_identity) AS is_identity, CASE WHEN is_identity THEN CASE WHEN is_generated THEN 'ALWAYS' ELSE 'BY DEFAULT' END END AS identity_generation, CAST(start_value AS VARCHAR) AS identity_start, CAST(increment_by AS VARCHAR) AS identity_increment,
    NULL::VARCHAR AS identity_maximum, NULL::VARCHAR AS identity_minimum, 'NO' AS identity_cycle, 'NEVER' AS is_generated, NULL::VARCHAR AS generation_expression, vesto.yes_or_no(kind = 'r' AND NOT is_system) AS is_updatable
  FROM vesto.catalog_columns JOIN vesto.pg_type t ON t.oid = type;

CREATE OR REPLACE VIEW vesto."information_schema.views" AS
  SELECT 'dev' AS table_catalog, place AS table_schema, called AS table_name, definition AS view_definition, 'NONE' AS check_option, 'NO' AS is_updatable, 'NO' AS is_insertable_into
  FROM vesto.catalog_relations WHERE kind = 'v';

CREATE OR REPLACE VIEW vesto."information_schema.table_constraints" AS
  SELECT 'dev' AS constraint_catalog, place AS constraint_schema, called AS constraint_name, 'dev' AS table_catalog, place AS table_schema, relation_name AS table_name,
    CASE kind WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END AS constraint_type, 'NO' AS is_deferrable, 'NO' AS initially_deferred FROM vesto.catalog_keys;

CREATE OR REPLACE VIEW vesto."information_schema.key_column_usage" AS
  SELECT 'dev' AS constraint_catalog, place AS constraint_schema, called AS constraint_name, 'dev' AS table_catalog, place AS table_schema, relation_name AS table_name, columns[n] AS column_name,
    CAST(n AS INTEGER) AS ordinal_position, CASE WHEN kind = 'f' THEN CAST(n AS INTEGER) END AS position_in_unique_constraint FROM vesto.catalog_keys, range(1, 65) AS t(n) WHERE n <= len(columns);

CREATE OR REPLACE VIEW vesto."information_schema.referential_constraints" AS
  SELECT 'dev' AS constraint_catalog, place AS constraint_schema, called AS constraint_name, 'dev' AS unique_constraint_catalog, other_schema AS unique_constraint_schema, other_key AS unique_constraint_name,
    'NONE' AS match_option, 'NO ACTION' AS update_rule, 'NO ACTION' AS delete_rule FROM vesto.catalog_constraints WHERE kind = 'f';

CREATE OR REPLACE VIEW vesto."information_schema.constraint_column_usage" AS
  SELECT 'dev' AS table_catalog, CASE WHEN kind = 'f' THEN other_schema ELSE place END AS table_schema, CASE WHEN kind = 'f' THEN other_table ELSE relation_name END AS table_name,
    CASE WHEN kind = 'f' THEN referred[n] ELSE columns[n] END AS column_name, 'dev' AS constraint_catalog, place AS constraint_schema, called AS constraint_name
  FROM vesto.catalog_constraints, range(1, 65) AS t(n) WHERE n <= len(columns);

CREATE OR REPLACE VIEW vesto."information_schema.constraint_table_usage" AS
  SELECT DISTINCT table_catalog, table_schema, table_name, constraint_catalog, constraint_schema, constraint_name FROM vesto."information_schema.constraint_column_usage";

CREATE OR REPLACE VIEW vesto."information_schema.check_constraints" AS
  SELECT NULL::VARCHAR AS constraint_catalog, NULL::VARCHAR AS constraint_schema, NULL::VARCHAR AS constraint_name, NULL::VARCHAR AS check_clause LIMIT 0;

CREATE OR REPLACE VIEW vesto."information_schema.routines" AS
  SELECT 'dev' AS specific_catalog, f.place AS specific_schema, f.called || '_' || f.oid AS specific_name, 'dev' AS routine_catalog, f.place AS routine_schema, f.called AS routine_name, 'FUNCTION' AS routine_type,
    vesto.format_type(f.returned, NULL) AS data_type, 'dev' AS type_udt_catalog, 'pg_catalog' AS type_udt_schema, t.typname AS type_udt_name, 'EXTERNAL' AS routine_body, f.source AS routine_definition,
    upper(f.language) AS external_language, 'NO' AS is_deterministic, 'MODIFIES' AS sql_data_access, 'NO' AS is_null_call, 'YES' AS schema_level_routine, 0 AS max_dynamic_result_sets, 'INVOKER' AS security_type
  FROM vesto.catalog_functions f LEFT JOIN vesto.pg_type t ON t.oid = f.returned;

CREATE OR REPLACE VIEW vesto."information_schema.parameters" AS
  SELECT 'dev' AS specific_catalog, f.place AS specific_schema, f.called || '_' || f.oid AS specific_name, CAST(n AS INTEGER) AS ordinal_position, 'IN' AS parameter_mode, 'NO' AS is_result, 'NO' AS as_locator,
    f.names[n] AS parameter_name, vesto.format_type(f.types[n], NULL) AS data_type FROM vesto.catalog_functions f, range(1, 1001) AS t(n) WHERE n <= len(f.types);

CREATE OR REPLACE VIEW vesto."information_schema.table_privileges" AS
  SELECT NULL::VARCHAR AS grantor, NULL::VARCHAR AS grantee, NULL::VARCHAR AS table_catalog, NULL::VARCHAR AS table_schema, NULL::VARCHAR AS table_name, NULL::VARCHAR AS privilege_type, NULL::VARCHAR AS is_grantable, NULL::VARCHAR AS with_hierarchy LIMIT 0;

CREATE OR REPLACE VIEW vesto."information_schema.role_table_grants" AS SELECT * FROM vesto."information_schema.table_privileges";

CREATE OR REPLACE VIEW vesto."information_schema.column_privileges" AS
  SELECT NULL::VARCHAR AS grantor, NULL::VARCHAR AS grantee, NULL::VARCHAR AS table_catalog, NULL::VARCHAR AS table_schema, NULL::VARCHAR AS table_name, NULL::VARCHAR AS column_name, NULL::VARCHAR AS privilege_type, NULL::VARCHAR AS is_grantable LIMIT 0;

CREATE OR REPLACE VIEW vesto."information_schema.enabled_roles" AS SELECT usename AS role_name FROM vesto.pg_user;

CREATE OR REPLACE VIEW vesto."information_schema.applicable_roles" AS SELECT NULL::VARCHAR AS grantee, NULL::VARCHAR AS role_name, NULL::VARCHAR AS is_grantable LIMIT 0;

CREATE OR REPLACE VIEW vesto."information_schema.character_sets" AS
  SELECT NULL::VARCHAR AS character_set_catalog, NULL::VARCHAR AS character_set_schema, 'UTF8' AS character_set_name, 'UCS' AS character_repertoire, 'UTF8' AS form_of_use, 'dev' AS default_collate_catalog, 'pg_catalog' AS default_collate_schema, 'C' AS default_collate_name;

CREATE OR REPLACE VIEW vesto."information_schema.collations" AS
  SELECT 'dev' AS collation_catalog, 'pg_catalog' AS collation_schema, collname AS collation_name, 'NO PAD' AS pad_attribute FROM vesto.pg_collation;

CREATE OR REPLACE VIEW vesto."information_schema.information_schema_catalog_name" AS SELECT 'dev' AS catalog_name;

CREATE OR REPLACE VIEW vesto."information_schema.sequences" AS
  SELECT NULL::VARCHAR AS sequence_catalog, NULL::VARCHAR AS sequence_schema, NULL::VARCHAR AS sequence_name, NULL::VARCHAR AS data_type, NULL::INTEGER AS numeric_precision, NULL::VARCHAR AS start_value, NULL::VARCHAR AS minimum_value, NULL::VARCHAR AS maximum_value, NULL::VARCHAR AS increment, NULL::VARCHAR AS cycle_option LIMIT 0;

CREATE OR REPLACE VIEW vesto."information_schema.triggers" AS
  SELECT NULL::VARCHAR AS trigger_catalog, NULL::VARCHAR AS trigger_schema, NULL::VARCHAR AS trigger_name, NULL::VARCHAR AS event_manipulation, NULL::VARCHAR AS event_object_catalog, NULL::VARCHAR AS event_object_schema, NULL::VARCHAR AS event_object_table, NULL::VARCHAR AS action_statement, NULL::VARCHAR AS action_timing LIMIT 0;

CREATE OR REPLACE VIEW vesto."information_schema.domains" AS
  SELECT NULL::VARCHAR AS domain_catalog, NULL::VARCHAR AS domain_schema, NULL::VARCHAR AS domain_name, NULL::VARCHAR AS data_type LIMIT 0;

CREATE OR REPLACE VIEW vesto."information_schema.view_table_usage" AS
  SELECT 'dev' AS view_catalog, view_schema, view_name, 'dev' AS table_catalog, table_schema, table_name FROM vesto.svv_view_dependencies;

-- PostgreSQL's, of what there is none ---------------------------------------------------------------

CREATE OR REPLACE VIEW vesto.pg_aggregate AS
  SELECT NULL::UINTEGER AS aggfnoid, NULL::UINTEGER AS aggtransfn, NULL::UINTEGER AS aggfinalfn, NULL::UINTEGER AS aggtranstype, NULL::VARCHAR AS agginitval LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_cast AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS castsource, NULL::UINTEGER AS casttarget, NULL::UINTEGER AS castfunc, vesto.letter(NULL) AS castcontext, vesto.letter(NULL) AS castmethod LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_conversion AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS conname, NULL::UINTEGER AS connamespace, NULL::UINTEGER AS conowner, NULL::INTEGER AS conforencoding, NULL::INTEGER AS contoencoding, NULL::UINTEGER AS conproc, NULL::BOOLEAN AS condefault LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_db_role_setting AS
  SELECT NULL::UINTEGER AS setdatabase, NULL::UINTEGER AS setrole, NULL::VARCHAR[] AS setconfig LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_enum AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS enumtypid, NULL::FLOAT AS enumsortorder, NULL::VARCHAR AS enumlabel LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_event_trigger AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS evtname, NULL::VARCHAR AS evtevent, NULL::UINTEGER AS evtowner, NULL::UINTEGER AS evtfoid, vesto.letter(NULL) AS evtenabled, NULL::VARCHAR[] AS evttags LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_extension AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS extname, NULL::UINTEGER AS extowner, NULL::UINTEGER AS extnamespace, NULL::BOOLEAN AS extrelocatable, NULL::VARCHAR AS extversion, NULL::UINTEGER[] AS extconfig, NULL::VARCHAR[] AS extcondition LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_foreign_data_wrapper AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS fdwname, NULL::UINTEGER AS fdwowner, NULL::UINTEGER AS fdwhandler, NULL::UINTEGER AS fdwvalidator, NULL::VARCHAR[] AS fdwacl, NULL::VARCHAR[] AS fdwoptions LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_foreign_server AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS srvname, NULL::UINTEGER AS srvowner, NULL::UINTEGER AS srvfdw, NULL::VARCHAR AS srvtype, NULL::VARCHAR AS srvversion, NULL::VARCHAR[] AS srvacl, NULL::VARCHAR[] AS srvoptions LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_foreign_table AS
  SELECT NULL::UINTEGER AS ftrelid, NULL::UINTEGER AS ftserver, NULL::VARCHAR[] AS ftoptions LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_inherits AS
  SELECT NULL::UINTEGER AS inhrelid, NULL::UINTEGER AS inhparent, NULL::INTEGER AS inhseqno, NULL::BOOLEAN AS inhdetachpending LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_locks AS
  SELECT NULL::VARCHAR AS locktype, NULL::UINTEGER AS database, NULL::UINTEGER AS relation, NULL::INTEGER AS page, NULL::SMALLINT AS tuple, NULL::VARCHAR AS virtualxid, NULL::BIGINT AS transactionid, NULL::UINTEGER AS classid, NULL::UINTEGER AS objid, NULL::SMALLINT AS objsubid, NULL::VARCHAR AS virtualtransaction, NULL::INTEGER AS pid, NULL::VARCHAR AS mode, NULL::BOOLEAN AS granted, NULL::BOOLEAN AS fastpath, NULL::TIMESTAMPTZ AS waitstart LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_opclass AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS opcmethod, NULL::VARCHAR AS opcname, NULL::UINTEGER AS opcnamespace, NULL::UINTEGER AS opcowner, NULL::UINTEGER AS opcfamily, NULL::UINTEGER AS opcintype, NULL::BOOLEAN AS opcdefault, NULL::UINTEGER AS opckeytype LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_operator AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS oprname, NULL::UINTEGER AS oprnamespace, NULL::UINTEGER AS oprowner, vesto.letter(NULL) AS oprkind, NULL::BOOLEAN AS oprcanmerge, NULL::BOOLEAN AS oprcanhash, NULL::UINTEGER AS oprleft, NULL::UINTEGER AS oprright, NULL::UINTEGER AS oprresult, NULL::UINTEGER AS oprcom, NULL::UINTEGER AS oprnegate, NULL::UINTEGER AS oprcode, NULL::UINTEGER AS oprrest, NULL::UINTEGER AS oprjoin LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_partitioned_table AS
  SELECT NULL::UINTEGER AS partrelid, vesto.letter(NULL) AS partstrat, NULL::SMALLINT AS partnatts, NULL::UINTEGER AS partdefid, NULL::USMALLINT[] AS partattrs, NULL::UBIGINT[] AS partclass, NULL::UBIGINT[] AS partcollation, NULL::VARCHAR AS partexprs LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_policies AS
  SELECT NULL::VARCHAR AS schemaname, NULL::VARCHAR AS tablename, NULL::VARCHAR AS policyname, NULL::VARCHAR AS permissive, NULL::VARCHAR[] AS roles, NULL::VARCHAR AS cmd, NULL::VARCHAR AS qual, NULL::VARCHAR AS with_check LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_policy AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS polname, NULL::UINTEGER AS polrelid, vesto.letter(NULL) AS polcmd, NULL::BOOLEAN AS polpermissive, NULL::UINTEGER[] AS polroles, NULL::VARCHAR AS polqual, NULL::VARCHAR AS polwithcheck LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_prepared_statements AS
  SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS statement, NULL::TIMESTAMPTZ AS prepare_time, NULL::UINTEGER[] AS parameter_types, NULL::BOOLEAN AS from_sql LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_publication AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS pubname, NULL::UINTEGER AS pubowner, NULL::BOOLEAN AS puballtables, NULL::BOOLEAN AS pubinsert, NULL::BOOLEAN AS pubupdate, NULL::BOOLEAN AS pubdelete, NULL::BOOLEAN AS pubtruncate, NULL::BOOLEAN AS pubviaroot LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_publication_namespace AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS pnpubid, NULL::UINTEGER AS pnnspid LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_publication_rel AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS prpubid, NULL::UINTEGER AS prrelid, NULL::VARCHAR AS prqual, NULL::USMALLINT[] AS prattrs LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_range AS
  SELECT NULL::UINTEGER AS rngtypid, NULL::UINTEGER AS rngsubtype, NULL::UINTEGER AS rngmultitypid, NULL::UINTEGER AS rngcollation, NULL::UINTEGER AS rngsubopc, NULL::UINTEGER AS rngcanonical, NULL::UINTEGER AS rngsubdiff LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_rules AS
  SELECT NULL::VARCHAR AS schemaname, NULL::VARCHAR AS tablename, NULL::VARCHAR AS rulename, NULL::VARCHAR AS definition LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_seclabel AS
  SELECT NULL::UINTEGER AS objoid, NULL::UINTEGER AS classoid, NULL::INTEGER AS objsubid, NULL::VARCHAR AS provider, NULL::VARCHAR AS label LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_sequence AS
  SELECT NULL::UINTEGER AS seqrelid, NULL::UINTEGER AS seqtypid, NULL::BIGINT AS seqstart, NULL::BIGINT AS seqincrement, NULL::BIGINT AS seqmax, NULL::BIGINT AS seqmin, NULL::BIGINT AS seqcache, NULL::BOOLEAN AS seqcycle LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_sequences AS
  SELECT NULL::VARCHAR AS schemaname, NULL::VARCHAR AS sequencename, NULL::VARCHAR AS sequenceowner, NULL::VARCHAR AS data_type, NULL::BIGINT AS start_value, NULL::BIGINT AS min_value, NULL::BIGINT AS max_value, NULL::BIGINT AS increment_by, NULL::BOOLEAN AS cycle, NULL::BIGINT AS cache_size, NULL::BIGINT AS last_value LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_shdepend AS
  SELECT NULL::UINTEGER AS dbid, NULL::UINTEGER AS classid, NULL::UINTEGER AS objid, NULL::INTEGER AS objsubid, NULL::UINTEGER AS refclassid, NULL::UINTEGER AS refobjid, vesto.letter(NULL) AS deptype LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_shdescription AS
  SELECT NULL::UINTEGER AS objoid, NULL::UINTEGER AS classoid, NULL::VARCHAR AS description LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_stat_activity AS
  SELECT NULL::UINTEGER AS datid, NULL::VARCHAR AS datname, NULL::INTEGER AS pid, NULL::UINTEGER AS usesysid, NULL::VARCHAR AS usename, NULL::VARCHAR AS application_name, NULL::VARCHAR AS client_addr, NULL::VARCHAR AS client_hostname, NULL::INTEGER AS client_port, NULL::TIMESTAMPTZ AS backend_start, NULL::TIMESTAMPTZ AS xact_start, NULL::TIMESTAMPTZ AS query_start, NULL::TIMESTAMPTZ AS state_change, NULL::VARCHAR AS wait_event_type, NULL::VARCHAR AS wait_event, NULL::VARCHAR AS state, NULL::BIGINT AS backend_xid, NULL::BIGINT AS backend_xmin, NULL::VARCHAR AS query, NULL::VARCHAR AS backend_type LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_stat_user_tables AS
  SELECT NULL::UINTEGER AS relid, NULL::VARCHAR AS schemaname, NULL::VARCHAR AS relname, NULL::BIGINT AS seq_scan, NULL::BIGINT AS seq_tup_read, NULL::BIGINT AS idx_scan, NULL::BIGINT AS idx_tup_fetch, NULL::BIGINT AS n_tup_ins, NULL::BIGINT AS n_tup_upd, NULL::BIGINT AS n_tup_del, NULL::BIGINT AS n_live_tup, NULL::BIGINT AS n_dead_tup, NULL::TIMESTAMPTZ AS last_vacuum, NULL::TIMESTAMPTZ AS last_autovacuum, NULL::TIMESTAMPTZ AS last_analyze, NULL::TIMESTAMPTZ AS last_autoanalyze LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_statistic AS
  SELECT NULL::UINTEGER AS starelid, NULL::SMALLINT AS staattnum, NULL::BOOLEAN AS stainherit, NULL::FLOAT AS stanullfrac, NULL::INTEGER AS stawidth, NULL::FLOAT AS stadistinct LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_statistic_ext AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS stxrelid, NULL::VARCHAR AS stxname, NULL::UINTEGER AS stxnamespace, NULL::UINTEGER AS stxowner, NULL::INTEGER AS stxstattarget, NULL::USMALLINT[] AS stxkeys, NULL::VARCHAR[] AS stxkind, NULL::VARCHAR AS stxexprs LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_stats AS
  SELECT NULL::VARCHAR AS schemaname, NULL::VARCHAR AS tablename, NULL::VARCHAR AS attname, NULL::FLOAT AS null_frac, NULL::INTEGER AS avg_width, NULL::FLOAT AS n_distinct, NULL::VARCHAR AS most_common_vals, NULL::VARCHAR AS most_common_freqs, NULL::VARCHAR AS histogram_bounds, NULL::FLOAT AS correlation LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_subscription AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS subdbid, NULL::VARCHAR AS subname, NULL::UINTEGER AS subowner, NULL::BOOLEAN AS subenabled LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_timezone_names AS
  SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS abbrev, NULL::VARCHAR AS utc_offset, NULL::BOOLEAN AS is_dst LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_trigger AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS tgrelid, NULL::UINTEGER AS tgparentid, NULL::VARCHAR AS tgname, NULL::UINTEGER AS tgfoid, NULL::SMALLINT AS tgtype, vesto.letter(NULL) AS tgenabled, NULL::BOOLEAN AS tgisinternal, NULL::UINTEGER AS tgconstrrelid, NULL::VARCHAR AS tgconstrname, NULL::UINTEGER AS tgconstrindid, NULL::UINTEGER AS tgconstraint, NULL::BOOLEAN AS tgdeferrable, NULL::BOOLEAN AS tginitdeferred, NULL::SMALLINT AS tgnargs, NULL::USMALLINT[] AS tgattr, NULL::BLOB AS tgargs, NULL::VARCHAR AS tgqual LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_user_mapping AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS umuser, NULL::UINTEGER AS umserver, NULL::VARCHAR[] AS umoptions LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_user_mappings AS
  SELECT NULL::UINTEGER AS umid, NULL::UINTEGER AS srvid, NULL::VARCHAR AS srvname, NULL::UINTEGER AS umuser, NULL::VARCHAR AS usename, NULL::VARCHAR[] AS umoptions LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_ts_config AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS cfgname, NULL::UINTEGER AS cfgnamespace, NULL::UINTEGER AS cfgowner, NULL::UINTEGER AS cfgparser LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_ts_dict AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS dictname, NULL::UINTEGER AS dictnamespace, NULL::UINTEGER AS dictowner, NULL::UINTEGER AS dicttemplate, NULL::VARCHAR AS dictinitoption LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_ts_parser AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS prsname, NULL::UINTEGER AS prsnamespace, NULL::UINTEGER AS prsstart, NULL::UINTEGER AS prstoken, NULL::UINTEGER AS prsend, NULL::UINTEGER AS prsheadline, NULL::UINTEGER AS prslextype LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_ts_template AS
  SELECT NULL::UINTEGER AS oid, NULL::VARCHAR AS tmplname, NULL::UINTEGER AS tmplnamespace, NULL::UINTEGER AS tmplinit, NULL::UINTEGER AS tmpllexize LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_amop AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS amopfamily, NULL::UINTEGER AS amoplefttype, NULL::UINTEGER AS amoprighttype, NULL::SMALLINT AS amopstrategy, vesto.letter(NULL) AS amoppurpose, NULL::UINTEGER AS amopopr, NULL::UINTEGER AS amopmethod, NULL::UINTEGER AS amopsortfamily LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_amproc AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS amprocfamily, NULL::UINTEGER AS amproclefttype, NULL::UINTEGER AS amprocrighttype, NULL::SMALLINT AS amprocnum, NULL::UINTEGER AS amproc LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_largeobject_metadata AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS lomowner, NULL::VARCHAR[] AS lomacl LIMIT 0;

-- The options of a foreign table, of which there are none, as a table: pg_options_to_table.
CREATE OR REPLACE VIEW vesto.pg_options AS
  SELECT NULL::VARCHAR AS option_name, NULL::VARCHAR AS option_value LIMIT 0;

CREATE OR REPLACE VIEW vesto.pg_opfamily AS
  SELECT NULL::UINTEGER AS oid, NULL::UINTEGER AS opfmethod, NULL::VARCHAR AS opfname, NULL::UINTEGER AS opfnamespace, NULL::UINTEGER AS opfowner LIMIT 0;

-- Redshift ------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW vesto.pg_table_def AS
  SELECT place AS schemaname, relation_name AS tablename, called AS "column", COALESCE(type_text, words) AS "type", encoding, is_distkey AS distkey, sortkey, not_null AS "notnull"
  FROM vesto.catalog_columns WHERE NOT is_system AND list_contains(vesto.search_schemas(), place) ORDER BY place, relation_name, place_in_row;

CREATE OR REPLACE VIEW vesto.pg_external_schema AS SELECT NULL::UINTEGER AS esoid, NULL::INTEGER AS eskind, NULL::VARCHAR AS esdbname, NULL::VARCHAR AS esoptions, NULL::VARCHAR[] AS esacl LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_tables AS
  SELECT table_catalog, table_schema, table_name, table_type, comment AS remarks
  FROM vesto."information_schema.tables" t JOIN vesto.catalog_relations r ON r.place = t.table_schema AND r.called = t.table_name;

CREATE OR REPLACE VIEW vesto.svv_columns AS
  SELECT i.table_catalog, i.table_schema, i.table_name, i.column_name, i.ordinal_position, i.column_default, i.is_nullable, i.data_type, i.character_maximum_length, i.numeric_precision, i.numeric_precision_radix, i.numeric_scale,
    i.datetime_precision, i.interval_type, CAST(i.interval_precision AS VARCHAR) AS interval_precision, i.character_set_catalog, i.character_set_schema, i.character_set_name, i.collation_catalog, i.collation_schema, i.collation_name, i.domain_name, c.comment AS remarks
  FROM vesto."information_schema.columns" i JOIN vesto.catalog_columns c ON c.place = i.table_schema AND c.relation_name = i.table_name AND c.called = i.column_name
  UNION ALL SELECT 'dev', view_schema, view_name, col_name, col_num, NULL, 'YES', system.main.regexp_replace(col_type, '\(.*\)', ''), CASE WHEN col_type LIKE 'character%' THEN vesto.type_size(col_type, 1) END,
      CASE WHEN col_type LIKE 'numeric(%' THEN vesto.type_size(col_type, 1) END, CASE WHEN col_type LIKE 'numeric(%' THEN 10 END, CASE WHEN col_type LIKE 'numeric(%' THEN vesto.type_size(col_type, 2) END,
      NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM vesto.pg_late_binding_view_cols;

CREATE OR REPLACE VIEW vesto.svv_redshift_databases AS
  SELECT datname AS database_name, CAST(datdba AS INTEGER) AS database_owner, 'local' AS database_type, NULL::VARCHAR AS database_acl, NULL::VARCHAR AS database_options, 'Snapshot Isolation' AS database_isolation_level FROM vesto.pg_database;

CREATE OR REPLACE VIEW vesto.svv_redshift_schemas AS
  SELECT 'dev' AS database_name, nspname AS schema_name, CAST(nspowner AS INTEGER) AS schema_owner, 'local' AS schema_type, NULL::VARCHAR AS schema_acl, NULL::VARCHAR AS schema_option FROM vesto.pg_namespace;

CREATE OR REPLACE VIEW vesto.svv_all_schemas AS SELECT database_name, schema_name, schema_owner, schema_type, schema_acl, NULL::VARCHAR AS source_database, schema_option FROM vesto.svv_redshift_schemas;

CREATE OR REPLACE VIEW vesto.svv_redshift_tables AS
  SELECT 'dev' AS database_name, place AS schema_name, called AS table_name, CASE WHEN kind = 'v' THEN 'VIEW' ELSE 'TABLE' END AS table_type, NULL::VARCHAR AS table_acl, comment AS remarks, vesto.pg_get_userbyid(CASE WHEN is_system THEN 10 ELSE vesto.owner_of('TABLE', place, called) END) AS table_owner FROM vesto.catalog_relations;

CREATE OR REPLACE VIEW vesto.svv_all_tables AS SELECT database_name, schema_name, table_name, table_acl, CASE table_type WHEN 'TABLE' THEN 'TABLE' ELSE table_type END AS table_type, remarks, table_owner AS owner FROM vesto.svv_redshift_tables;

CREATE OR REPLACE VIEW vesto.svv_redshift_columns AS
  SELECT 'dev' AS database_name, place AS schema_name, relation_name AS table_name, called AS column_name, CAST(place_in_row AS INTEGER) AS ordinal_position, type_text AS data_type, default_text AS column_default,
    vesto.yes_or_no(NOT not_null) AS is_nullable, encoding, is_distkey AS distkey, sortkey, NULL::VARCHAR AS column_acl, comment AS remarks FROM vesto.catalog_columns
  UNION ALL SELECT 'dev', view_schema, view_name, col_name, col_num, col_type, NULL, 'YES', 'none', FALSE, 0, NULL, NULL FROM vesto.pg_late_binding_view_cols;

CREATE OR REPLACE VIEW vesto.svv_all_columns AS
  SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale, remarks FROM vesto.svv_columns;

CREATE OR REPLACE VIEW vesto.svv_redshift_functions AS
  SELECT 'dev' AS database_name, f.place AS schema_name, f.called AS function_name, 'REGULAR FUNCTION' AS function_type, x.arguments AS argument_type, x.result AS result_type
  FROM vesto.catalog_functions f JOIN vesto.catalog_function_texts x ON x.oid = f.oid;

CREATE OR REPLACE VIEW vesto.svv_mv_info AS
  SELECT 'dev' AS database_name, place AS schema_name, vesto.pg_get_userbyid(100) AS user_name, called AS name, 't' AS is_stale, 0 AS state, FALSE AS autorewrite, FALSE AS autorefresh FROM vesto.catalog_relations WHERE is_kept;

CREATE OR REPLACE VIEW vesto.stv_mv_info AS
  SELECT 'dev' AS db_name, schema_name AS schema, name, NULL::BIGINT AS updated_upto_xid, is_stale, user_name AS owner_user_name, state, CASE WHEN autorewrite THEN 't' ELSE 'f' END AS autorewrite, CASE WHEN autorefresh THEN 't' ELSE 'f' END AS autorefresh FROM vesto.svv_mv_info;

CREATE OR REPLACE VIEW vesto.svv_table_info AS
  SELECT 'dev' AS database, r.place AS schema, CAST(r.oid AS BIGINT) AS table_id, r.called AS "table", CASE WHEN bool_or(c.encoding <> 'none') THEN 'Y' ELSE 'N' END AS encoded,
    CASE WHEN bool_or(c.is_distkey) THEN 'KEY(' || any_value(CASE WHEN c.is_distkey THEN c.called END) || ')' ELSE 'EVEN' END AS diststyle, any_value(CASE WHEN c.sortkey = 1 THEN c.called END) AS sortkey1,
    COALESCE(max(CASE WHEN c.type = 1043 THEN c.modifier - 4 END), 0) AS max_varchar, any_value(CASE WHEN c.sortkey = 1 THEN c.encoding END) AS sortkey1_enc, CAST(count(*) FILTER (WHERE c.sortkey > 0) AS INTEGER) AS sortkey_num,
    NULL::BIGINT AS size, NULL::DECIMAL(10, 4) AS pct_used, 0::BIGINT AS empty, NULL::DECIMAL(5, 2) AS unsorted, NULL::DECIMAL(5, 2) AS stats_off, CAST(any_value(r.row_count) AS DECIMAL(38, 0)) AS tbl_rows,
    NULL::DECIMAL(19, 2) AS skew_sortkey1, NULL::DECIMAL(19, 2) AS skew_rows, CAST(any_value(r.row_count) AS DECIMAL(38, 0)) AS estimated_visible_rows, NULL::VARCHAR AS risk_event, NULL::DECIMAL(12, 2) AS vacuum_sort_benefit, NULL::TIMESTAMP AS create_time
  FROM vesto.catalog_relations r JOIN vesto.catalog_columns c ON c.relation = r.oid
  WHERE r.kind = 'r' AND NOT r.is_system AND r.row_count > 0 GROUP BY r.place, r.oid, r.called;

CREATE OR REPLACE VIEW vesto.stv_tbl_perm AS
  SELECT 0 AS slice, CAST(oid AS INTEGER) AS id, called AS name, CAST(row_count AS BIGINT) AS rows, 0::BIGINT AS sorted_rows, CASE WHEN base = 'temp' THEN 1 ELSE 0 END AS temp, 100000 AS db_id, NULL::BIGINT AS insert_pristine, NULL::BIGINT AS delete_pristine, 1 AS backup, NULL::INTEGER AS dist_style, NULL::INTEGER AS block_count
  FROM vesto.catalog_relations WHERE kind = 'r' AND NOT is_system;

CREATE OR REPLACE VIEW vesto.svv_user_info AS
  SELECT usename AS user_name, usesysid AS user_id, usecreatedb AS createdb, usesuper AS superuser, usecatupd AS catalog_update, 'UNLIMITED' AS connection_limit, NULL::VARCHAR AS syslog_access, NULL::TIMESTAMP AS last_ddl_timestamp, 0::BIGINT AS session_timeout, NULL::VARCHAR AS external_id FROM vesto.pg_user;

CREATE OR REPLACE VIEW vesto.svl_user_info AS
  SELECT usename, usesysid, usecreatedb, usesuper, usecatupd, 'UNLIMITED' AS useconnlimit, NULL::VARCHAR AS syslogaccess, NULL::TIMESTAMP AS last_ddl_ts, 0 AS sessiontimeout, NULL::VARCHAR AS external_user_id FROM vesto.pg_user;

-- Redshift's, of what there is none or no log -------------------------------------------------------

CREATE OR REPLACE VIEW vesto.stl_connection_log AS
  SELECT NULL::VARCHAR AS event, NULL::TIMESTAMP AS recordtime, NULL::VARCHAR AS remotehost, NULL::VARCHAR AS remoteport, NULL::INTEGER AS pid, NULL::VARCHAR AS dbname, NULL::VARCHAR AS username, NULL::VARCHAR AS authmethod, NULL::INTEGER AS duration, NULL::VARCHAR AS sslversion, NULL::VARCHAR AS sslcipher LIMIT 0;

CREATE OR REPLACE VIEW vesto.stl_ddltext AS
  SELECT NULL::INTEGER AS userid, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::VARCHAR AS label, NULL::TIMESTAMP AS starttime, NULL::TIMESTAMP AS endtime, NULL::INTEGER AS sequence, NULL::VARCHAR AS text LIMIT 0;

CREATE OR REPLACE VIEW vesto.stl_error AS
  SELECT NULL::INTEGER AS userid, NULL::VARCHAR AS process, NULL::TIMESTAMP AS recordtime, NULL::INTEGER AS pid, NULL::INTEGER AS errcode, NULL::VARCHAR AS file, NULL::INTEGER AS linenum, NULL::VARCHAR AS context, NULL::VARCHAR AS error LIMIT 0;

CREATE OR REPLACE VIEW vesto.stl_query AS
  SELECT NULL::INTEGER AS userid, NULL::INTEGER AS query, NULL::VARCHAR AS label, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::VARCHAR AS database, NULL::VARCHAR AS querytxt, NULL::TIMESTAMP AS starttime, NULL::TIMESTAMP AS endtime, NULL::INTEGER AS aborted, NULL::INTEGER AS insert_pristine, NULL::INTEGER AS concurrency_scaling_status LIMIT 0;

CREATE OR REPLACE VIEW vesto.stl_querytext AS
  SELECT NULL::INTEGER AS userid, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::INTEGER AS query, NULL::INTEGER AS sequence, NULL::VARCHAR AS text LIMIT 0;

CREATE OR REPLACE VIEW vesto.stl_tr_conflict AS
  SELECT NULL::BIGINT AS xact_id, NULL::BIGINT AS process_id, NULL::TIMESTAMP AS xact_start_ts, NULL::TIMESTAMP AS abort_time, NULL::BIGINT AS table_id LIMIT 0;

CREATE OR REPLACE VIEW vesto.stl_undone AS
  SELECT NULL::BIGINT AS xact_id, NULL::BIGINT AS xact_id_undone, NULL::TIMESTAMP AS undo_start_ts, NULL::TIMESTAMP AS undo_end_ts, NULL::INTEGER AS table_id LIMIT 0;

CREATE OR REPLACE VIEW vesto.stl_utilitytext AS
  SELECT NULL::INTEGER AS userid, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::VARCHAR AS label, NULL::TIMESTAMP AS starttime, NULL::TIMESTAMP AS endtime, NULL::INTEGER AS sequence, NULL::VARCHAR AS text LIMIT 0;

CREATE OR REPLACE VIEW vesto.stl_wlm_query AS
  SELECT NULL::INTEGER AS userid, NULL::INTEGER AS xid, NULL::INTEGER AS task, NULL::INTEGER AS query, NULL::INTEGER AS service_class, NULL::INTEGER AS slot_count, NULL::TIMESTAMP AS service_class_start_time, NULL::TIMESTAMP AS queue_start_time, NULL::TIMESTAMP AS queue_end_time, NULL::BIGINT AS total_queue_time, NULL::TIMESTAMP AS exec_start_time, NULL::TIMESTAMP AS exec_end_time, NULL::BIGINT AS total_exec_time LIMIT 0;

CREATE OR REPLACE VIEW vesto.stv_blocklist AS
  SELECT NULL::INTEGER AS slice, NULL::INTEGER AS col, NULL::INTEGER AS tbl, NULL::INTEGER AS blocknum, NULL::INTEGER AS num_values, NULL::INTEGER AS extended_limits, NULL::BIGINT AS minvalue, NULL::BIGINT AS maxvalue LIMIT 0;

CREATE OR REPLACE VIEW vesto.stv_inflight AS
  SELECT NULL::INTEGER AS userid, NULL::INTEGER AS slice, NULL::INTEGER AS query, NULL::VARCHAR AS label, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::TIMESTAMP AS starttime, NULL::VARCHAR AS text, NULL::INTEGER AS suspended, NULL::INTEGER AS insert_pristine, NULL::INTEGER AS concurrency_scaling_status LIMIT 0;

CREATE OR REPLACE VIEW vesto.stv_locks AS
  SELECT NULL::INTEGER AS table_id, NULL::TIMESTAMP AS last_commit, NULL::TIMESTAMP AS last_update, NULL::BIGINT AS lock_owner, NULL::BIGINT AS lock_owner_pid, NULL::TIMESTAMP AS lock_owner_start_ts, NULL::TIMESTAMP AS lock_owner_end_ts, NULL::VARCHAR AS lock_status LIMIT 0;

CREATE OR REPLACE VIEW vesto.stv_recents AS
  SELECT NULL::INTEGER AS userid, NULL::VARCHAR AS status, NULL::TIMESTAMP AS starttime, NULL::INTEGER AS duration, NULL::VARCHAR AS user_name, NULL::VARCHAR AS db_name, NULL::VARCHAR AS query, NULL::INTEGER AS pid LIMIT 0;

CREATE OR REPLACE VIEW vesto.stv_sessions AS
  SELECT NULL::TIMESTAMP AS starttime, NULL::INTEGER AS process, NULL::VARCHAR AS user_name, NULL::VARCHAR AS db_name, NULL::INTEGER AS timeout_sec LIMIT 0;

CREATE OR REPLACE VIEW vesto.svl_qlog AS
  SELECT NULL::INTEGER AS userid, NULL::INTEGER AS query, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::TIMESTAMP AS starttime, NULL::TIMESTAMP AS endtime, NULL::BIGINT AS elapsed, NULL::INTEGER AS aborted, NULL::VARCHAR AS label, NULL::VARCHAR AS substring, NULL::INTEGER AS source_query, NULL::VARCHAR AS concurrency_scaling_status, NULL::INTEGER AS from_sp_call LIMIT 0;

CREATE OR REPLACE VIEW vesto.svl_statementtext AS
  SELECT NULL::INTEGER AS userid, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::VARCHAR AS label, NULL::TIMESTAMP AS starttime, NULL::TIMESTAMP AS endtime, NULL::INTEGER AS sequence, NULL::VARCHAR AS type, NULL::VARCHAR AS text LIMIT 0;

CREATE OR REPLACE VIEW vesto.svl_stored_proc_call AS
  SELECT NULL::INTEGER AS userid, NULL::INTEGER AS session_userid, NULL::INTEGER AS query, NULL::VARCHAR AS label, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::VARCHAR AS database, NULL::VARCHAR AS querytxt, NULL::TIMESTAMP AS starttime, NULL::TIMESTAMP AS endtime, NULL::INTEGER AS aborted, NULL::INTEGER AS from_sp_call, NULL::VARCHAR AS caller_procname LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_datashares AS
  SELECT NULL::VARCHAR AS share_name, NULL::INTEGER AS share_id, NULL::INTEGER AS share_owner, NULL::VARCHAR AS source_database, NULL::VARCHAR AS consumer_database, NULL::VARCHAR AS share_type, NULL::TIMESTAMP AS createdate, NULL::BOOLEAN AS is_publicaccessible, NULL::VARCHAR AS share_acl, NULL::VARCHAR AS producer_account, NULL::VARCHAR AS producer_namespace, NULL::VARCHAR AS managed_by LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_diskusage AS
  SELECT NULL::INTEGER AS db_id, NULL::VARCHAR AS name, NULL::INTEGER AS slice, NULL::INTEGER AS col, NULL::INTEGER AS tbl, NULL::INTEGER AS blocknum, NULL::INTEGER AS num_values, NULL::BIGINT AS minvalue, NULL::BIGINT AS maxvalue, NULL::INTEGER AS sb_pos, NULL::INTEGER AS pinned, NULL::INTEGER AS on_disk, NULL::INTEGER AS modified, NULL::INTEGER AS hdr_modified, NULL::INTEGER AS unsorted, NULL::INTEGER AS tombstone, NULL::INTEGER AS preferred_diskno, NULL::INTEGER AS temporary, NULL::INTEGER AS newblock LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_external_columns AS
  SELECT NULL::VARCHAR AS redshift_database_name, NULL::VARCHAR AS schemaname, NULL::VARCHAR AS tablename, NULL::VARCHAR AS columnname, NULL::VARCHAR AS external_type, NULL::INTEGER AS columnnum, NULL::INTEGER AS part_key, NULL::VARCHAR AS is_nullable LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_external_databases AS
  SELECT NULL::INTEGER AS eskind, NULL::VARCHAR AS esoptions, NULL::VARCHAR AS databasename, NULL::VARCHAR AS location, NULL::VARCHAR AS parameters LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_external_partitions AS
  SELECT NULL::VARCHAR AS schemaname, NULL::VARCHAR AS tablename, NULL::VARCHAR AS "values", NULL::VARCHAR AS location, NULL::VARCHAR AS input_format, NULL::VARCHAR AS output_format, NULL::VARCHAR AS serialization_lib, NULL::VARCHAR AS serde_parameters, NULL::INTEGER AS compressed, NULL::VARCHAR AS parameters LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_external_schemas AS
  SELECT NULL::UINTEGER AS esoid, NULL::INTEGER AS eskind, NULL::VARCHAR AS schemaname, NULL::INTEGER AS esowner, NULL::VARCHAR AS databasename, NULL::VARCHAR AS esoptions LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_external_tables AS
  SELECT NULL::VARCHAR AS redshift_database_name, NULL::VARCHAR AS schemaname, NULL::VARCHAR AS tablename, NULL::VARCHAR AS tabletype, NULL::VARCHAR AS location, NULL::VARCHAR AS input_format, NULL::VARCHAR AS output_format, NULL::VARCHAR AS serialization_lib, NULL::VARCHAR AS serde_parameters, NULL::INTEGER AS compressed, NULL::VARCHAR AS parameters LIMIT 0;

CREATE OR REPLACE VIEW vesto.svv_transactions AS
  SELECT NULL::VARCHAR AS txn_owner, NULL::VARCHAR AS txn_db, NULL::BIGINT AS xid, NULL::INTEGER AS pid, NULL::TIMESTAMP AS txn_start, NULL::VARCHAR AS lock_mode, NULL::VARCHAR AS lockable_object_type, NULL::INTEGER AS relation, NULL::BOOLEAN AS granted LIMIT 0;

CREATE OR REPLACE VIEW vesto.sys_query_detail AS
  SELECT NULL::INTEGER AS user_id, NULL::BIGINT AS query_id, NULL::INTEGER AS child_query_sequence, NULL::INTEGER AS stream_id, NULL::INTEGER AS segment_id, NULL::INTEGER AS step_id, NULL::VARCHAR AS step_name, NULL::INTEGER AS table_id, NULL::VARCHAR AS table_name, NULL::VARCHAR AS is_rrscan, NULL::TIMESTAMP AS start_time, NULL::TIMESTAMP AS end_time, NULL::BIGINT AS duration, NULL::VARCHAR AS alert, NULL::BIGINT AS input_bytes, NULL::BIGINT AS input_rows, NULL::BIGINT AS output_bytes, NULL::BIGINT AS output_rows LIMIT 0;

CREATE OR REPLACE VIEW vesto.sys_query_history AS
  SELECT NULL::INTEGER AS user_id, NULL::BIGINT AS query_id, NULL::VARCHAR AS query_label, NULL::BIGINT AS transaction_id, NULL::INTEGER AS session_id, NULL::VARCHAR AS database_name, NULL::VARCHAR AS query_type, NULL::VARCHAR AS status, NULL::BOOLEAN AS result_cache_hit, NULL::TIMESTAMP AS start_time, NULL::TIMESTAMP AS end_time, NULL::BIGINT AS elapsed_time, NULL::BIGINT AS queue_time, NULL::BIGINT AS execution_time, NULL::VARCHAR AS error_message, NULL::BIGINT AS returned_rows, NULL::BIGINT AS returned_bytes, NULL::VARCHAR AS query_text, NULL::VARCHAR AS redshift_version, NULL::VARCHAR AS usage_limit, NULL::VARCHAR AS compute_type LIMIT 0;

CREATE OR REPLACE VIEW vesto.sys_session_history AS
  SELECT NULL::INTEGER AS user_id, NULL::INTEGER AS session_id, NULL::VARCHAR AS database_name, NULL::VARCHAR AS status, NULL::INTEGER AS session_timeout, NULL::TIMESTAMP AS start_time, NULL::TIMESTAMP AS end_time LIMIT 0;
