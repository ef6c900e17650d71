{{ config(materialized='table') }}
select id, {{ var('predict') }}(a, b, c) as label from {{ ref('known') }}
