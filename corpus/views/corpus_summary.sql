-- How much there is, counted honestly: branches are no runs of their own, replicates of one recipe count once.
-- Public models recur in several sources: "independent_runs_at_least" takes of each group of related families only the
-- source that has the most of them. A scaled family has a loss or an evaluation at three sizes or more; groups of related families share authors or data.
-- A user's own runs are not counted.
with published as (
    select * from runs where not starts_with(source, 'mine/')
),
sizes as (
    select r.family, count(distinct r.params) as sizes
    from published as r
    where r.params is not null and exists (select 1 from metrics as m where m.run = r.run)
    group by r.family
),
scaled as (
    select f.family, f.related, f.independent_runs, coalesce(s.sizes, 0) >= 3 as scaled, l.family is not null as has_loss
    from (from families where not starts_with(source, 'mine/')) as f
    left join sizes as s using (family)
    left join (
        select family from losses where params is not null and tokens > 0
        group by family having count(distinct params) >= 3
    ) as l using (family)
)
select
    (select count(*) from sources where commit is not null) as sources,
    count(*) as families,
    count(*) filter (scaled) as scaled_families,
    count(*) filter (scaled and has_loss) as scaled_families_with_loss,
    count(distinct related) filter (scaled and has_loss) as independent_groups_with_loss,
    (select count(*) from published) as runs,
    sum(independent_runs)::bigint as independent_runs,
    (
        select sum(most)::bigint from (
            select max(n) as most
            from (select related, source, sum(independent_runs) as n from families
                where not starts_with(source, 'mine/') group by related, source)
            group by related
        )
    ) as independent_runs_at_least,
    (select count(*) from checkpoints semi join published using (run)) as checkpoints,
    (select count(*) from metrics where split is distinct from 'train' and not starts_with(source, 'mine/'))
        as evaluation_values,
    (select count(*) from metrics where split = 'train' and not starts_with(source, 'mine/')) as training_values
from scaled
