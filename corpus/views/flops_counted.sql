-- Training compute counted from the shape of the network, beside 6 N D.
-- Per token and forward pass: 2 FLOP for each parameter that is not an embedding, 2 V d for the head, and 4 L d T for the
-- attention over a context of T tokens (scores and mixing, not halved for the causal mask); backward costs twice forward.
-- After Hoffmann et al. 2022, appendix F. Only decoders whose layers, width, vocabulary and context are known; active
-- parameters where a mixture of experts states them.
select
    r.family,
    c.run,
    c.step,
    c.tokens,
    3 * c.tokens * (
        2 * coalesce(r.params_active, r.params_non_embedding)
        + 2.0 * r.vocabulary * r.width
        + 4.0 * r.layers * r.width * r.context
    ) as flops_counted,
    6 * r.params * c.tokens as flops_6nd,
    r.params_basis,
    c.flops as flops_stated,
    c.flops_basis,
    flops_counted / nullif(flops_6nd, 0) as counted_over_6nd,
    c.flops / nullif(flops_counted, 0) as stated_over_counted
from checkpoints as c
join runs as r using (run)
where r.layers is not null and r.width is not null and r.vocabulary is not null and r.context is not null
    and coalesce(r.params_active, r.params_non_embedding) is not null and c.tokens > 0
    and r.architecture in ('decoder', 'moe')
