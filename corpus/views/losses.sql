-- One canonical loss per checkpoint: the metric, task, split and shots that its family names, as a natural logarithm.
-- Perplexity becomes its logarithm; "unit" keeps what the mean is taken over, and only equal units may be compared:
-- nats/token (language-model loss), nats/target (whole target word of LAMBADA), nats/word, nats/byte.
-- Where a source gives several values for one place (figures traced by pixel), the loss is their mean and "readings" their
-- number. FLOPs are those that the source states, else 6 N D; flops_basis says which.
with asked as (
    select r.run, f.metric, f.task, f.split, f.shots, d.kind
    from families as f
    join runs as r on r.family = f.family
    join metric_dictionary as d on d.metric = f.metric
),
found as (
    select
        m.run, m.step, m.tokens, m.metric, m.task, m.split, m.unit, m.how,
        case a.kind
            when 'log-loss' then m.value
            when 'perplexity' then ln(m.value)
            when 'compression' then m.value * ln(2)
        end as loss
    from metrics as m
    join asked as a
        on a.run = m.run
        and a.metric = m.metric
        and a.split is not distinct from m.split
        and a.task is not distinct from m.task
        and a.shots is not distinct from m.shots
),
-- Grouping all rows costs more than everything else here, and few runs need it.
repeated as (select distinct run from metrics where "repeat" > 0),
measured as (
    select run, step, tokens, metric, task, split, unit, how, loss, 1 as readings
    from found
    where run not in (from repeated)
    union all
    select run, step, tokens, metric, task, split, any_value(unit), any_value(how), avg(loss), count(*)
    from found
    where run in (from repeated)
    group by run, step, tokens, metric, task, split
),
told as (select * from checkpoints where flops is not null or learning_rate is not null)
select
    r.family,
    m.run,
    r.params,
    r.params_basis,
    m.step,
    m.tokens,
    coalesce(c.flops, 6 * r.params * m.tokens) as flops,
    coalesce(c.flops_basis, case when r.params * m.tokens is not null then '6nd' end) as flops_basis,
    m.loss,
    'nats/' || split_part(m.unit, '/', 2) as unit,
    m.metric,
    m.task,
    m.split,
    m.how,
    m.readings,
    r.source,
    r.unique_tokens,
    c.learning_rate
from measured as m
join runs as r on r.run = m.run
left join told as c
    on c.run = m.run
    and c.step is not distinct from m.step
    and c.tokens is not distinct from m.tokens
