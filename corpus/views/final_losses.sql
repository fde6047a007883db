-- The last loss of every run: most tokens, then most steps.
select *
from losses
qualify row_number() over (partition by run order by tokens desc nulls last, step desc nulls last) = 1
