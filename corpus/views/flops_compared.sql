-- How far the ways of counting training compute differ, by family: stated against 6 N D, and counted against 6 N D.
select
    f.family,
    f.params_basis,
    count(*) as checkpoints,
    min(f.stated_over_6nd) as stated_over_6nd_min,
    median(f.stated_over_6nd) as stated_over_6nd_median,
    max(f.stated_over_6nd) as stated_over_6nd_max,
    min(c.counted_over_6nd) as counted_over_6nd_min,
    median(c.counted_over_6nd) as counted_over_6nd_median,
    max(c.counted_over_6nd) as counted_over_6nd_max
from flops_6nd as f
left join flops_counted as c
    on c.run = f.run and c.step is not distinct from f.step and c.tokens is not distinct from f.tokens
where f.tokens > 0 and (f.flops_stated is not null or c.run is not null)
group by f.family, f.params_basis
