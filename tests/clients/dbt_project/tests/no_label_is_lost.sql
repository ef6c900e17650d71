-- Rows of the view without a prediction: there are none.
select k.id from {{ ref('known') }} k left join {{ ref('predicted') }} p on p.id = k.id where p.id is null
