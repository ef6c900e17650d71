-- A view of the seed.
select id, name, a, b, c, since from {{ ref('customers') }} where name is not null
