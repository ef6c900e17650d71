{{ config(materialized='incremental', unique_key='id') }}
select id, since, {{ var('round', 1) }} as round from {{ ref('customers') }}
{% if is_incremental() %}
where id > 2
{% endif %}
