-- Training compute by the rule of thumb C = 6 N D, beside what the source reports.
-- Assumes dense matrix multiplications only (no attention, no head) and N as params_basis counts it.
select
    r.family,
    c.run,
    c.step,
    c.tokens,
    r.params,
    r.params_basis,
    6 * r.params * c.tokens as flops_6nd,
    c.flops as flops_stated,
    c.flops_basis,
    c.flops / nullif(6 * r.params * c.tokens, 0) as stated_over_6nd
from checkpoints as c
join runs as r using (run)
where r.params is not null and c.tokens is not null
