-- compare_runs(first, second): the last values of two runs on the same metric, task, split and shots, side by side.
-- Two runs that share no evaluation are refused with what each of them has. "caution" says why a pair that shares a name
-- may still not be comparable: losses per token mean another thing with another vocabulary.
create macro compare_runs(first, second) as table
with last as (
    select run, metric, task, split, shots, unit, tokens, avg(value) as value
    from metrics
    where run in (first, second)
    group by run, metric, task, split, shots, unit, tokens
    qualify row_number() over (
        partition by run, metric, task, split, shots order by tokens desc nulls last
    ) = 1
),
pairs as (
    select
        a.metric, a.task, a.split, a.shots, a.unit,
        a.tokens as first_tokens, b.tokens as second_tokens,
        a.value as first_value, b.value as second_value,
        (b.value - a.value) / nullif(abs(a.value), 0) as relative_difference,
        case
            when a.unit like '%/token' and ra.vocabulary <> rb.vocabulary
            then 'per token, with vocabularies of ' || ra.vocabulary || ' and ' || rb.vocabulary
        end as caution
    from last as a
    join last as b
        on b.run = second and a.metric = b.metric and a.task is not distinct from b.task
        and a.split is not distinct from b.split and a.shots is not distinct from b.shots
    join runs as ra on ra.run = a.run
    join runs as rb on rb.run = b.run
    where a.run = first
),
named as (
    select run, string_agg(distinct metric || coalesce(' on ' || task, ''), ', ') as has
    from metrics where run in (first, second) group by run
),
-- One row that is there only if something is shared: otherwise making it fails with the reason.
guard as (
    select case
        when exists (select 1 from pairs) then true
        when (select count(*) from runs where run in (first, second)) < 2
        then error('compare_runs: no run named ' || (
            select string_agg(n, ' or ') from (values (first), (second)) as t(n) where n not in (select run from runs)
        ))
        else error(
            'compare_runs: ' || first || ' and ' || second || ' share no metric on the same evaluation set: the first has '
            || coalesce((select has[:200] from named where run = first), 'nothing') || '; the second has '
            || coalesce((select has[:200] from named where run = second), 'nothing')
        )
    end::varchar as ok
)
select pairs.*
from guard
left join pairs on guard.ok = 'true'
where guard.ok = 'true'
order by pairs.metric, pairs.task
