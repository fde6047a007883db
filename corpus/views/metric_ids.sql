-- Every published value with its metric_id, the short name that `scalebook trace` takes.
-- It is the start of the SHA-256 of the row's key (nulls empty, tokens with 17 significant digits, parted by character
-- 31): it depends on what was measured and where, not on the value, the order of rows or other sources. It costs
-- nothing unless it is asked for.
select
    left(
        sha256(
            concat(
                run, chr(31), step, chr(31), printf('%.17g', tokens), chr(31), metric, chr(31), task, chr(31), split, chr(31),
                shots, chr(31), "repeat"
            )
        ),
        12
    ) as metric_id,
    *
from metrics
