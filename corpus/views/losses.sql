-- One canonical loss per checkpoint: the metric, task, split and shots that its family names, as a natural logarithm.
-- Perplexity becomes its logarithm; "unit" keeps what the mean is taken over, and only equal units may be compared:
-- nats/token (language-model loss), nats/target (whole target word of LAMBADA), nats/word, nats/byte.
-- Where a source gives several values for one place (figures traced by pixel), the loss is their mean and "readings" their number.
-- FLOPs are those that the source states, else 6 N D; flops_basis says which.
select
    r.family,
    m.run,
    r.params,
    r.params_basis,
    m.step,
    m.tokens,
    any_value(coalesce(c.flops, 6 * r.params * m.tokens)) as flops,
    any_value(coalesce(c.flops_basis, case when r.params * m.tokens is not null then '6nd' end)) as flops_basis,
    avg(case d.kind
        when 'log-loss' then m.value
        when 'perplexity' then ln(m.value)
        when 'compression' then m.value * ln(2)
    end) as loss,
    'nats/' || any_value(split_part(m.unit, '/', 2)) as unit,
    m.metric,
    m.task,
    m.split,
    any_value(m.how) as how,
    count(*) as readings,
    r.source,
    any_value(r.unique_tokens) as unique_tokens,
    any_value(c.learning_rate) as learning_rate
from families as f
join runs as r on r.family = f.family
join metrics as m
    on m.run = r.run
    and m.metric = f.metric
    and m.split is not distinct from f.split
    and m.task is not distinct from f.task
    and m.shots is not distinct from f.shots
join metric_dictionary as d on d.metric = m.metric
left join checkpoints as c
    on c.run = m.run
    and c.step is not distinct from m.step
    and c.tokens is not distinct from m.tokens
group by r.family, m.run, r.params, r.params_basis, m.step, m.tokens, m.metric, m.task, m.split, r.source
