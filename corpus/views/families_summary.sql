-- How much evidence there is per family. "sizes" counts distinct N among runs that have a loss.
with loss as (
    select
        family,
        count(distinct run) as runs_with_loss,
        count(distinct params) as sizes,
        count(*) as losses,
        max(tokens) as max_tokens,
        any_value(unit) as loss_unit
    from losses
    group by family
),
seen as (
    select
        r.family,
        count(distinct r.run) as runs,
        count(*) filter (c.run is not null) as checkpoints,
        min(r.params) as min_params,
        max(r.params) as max_params
    from runs as r
    left join checkpoints as c using (run)
    group by r.family
)
select
    f.family,
    f.source,
    f.architecture,
    f.data,
    f.varies,
    f.related,
    f.metric,
    f.task,
    loss.loss_unit,
    seen.runs,
    f.independent_runs,
    coalesce(loss.sizes, 0) as sizes,
    seen.checkpoints,
    coalesce(loss.losses, 0) as losses,
    seen.min_params,
    seen.max_params,
    loss.max_tokens
from families as f
join seen using (family)
left join loss using (family)
