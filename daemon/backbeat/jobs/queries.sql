-- Every statement of the store. Paths are bound as bytes and cast, because file names need not be valid Unicode.

-- Jobs: coming in

-- name: insert_job
insert into jobs (id, identity, path, fingerprint, out_base, settings, state, reason, priority, position, origin,
                  reply_to, created_at, updated_at, error_code, error_message, error_advice)
values (:id, :identity, cast(:path as text), :fingerprint, cast(:out_base as text), :settings, :state, :reason, :priority,
        (select coalesce(max(position), 0) + 1 from jobs), :origin, :reply_to, :now, :now,
        :error_code, :error_message, :error_advice)
returning *;

-- name: job_by_identity
select * from jobs where identity = :identity;

-- name: replaced_by
select id, state from jobs
where path = cast(:path as text) and out_base = cast(:out_base as text) and identity <> :identity
  and state in ('queued', 'running')
order by seq;

-- name: readdress
-- Somebody asks for a job that is there already: it goes where the last one who asked wants it.
update jobs
set path = case state when 'running' then path else cast(:path as text) end,
    priority = :priority, origin = :origin,
    reply_to = case when state in ('queued', 'running') then coalesce(:reply_to, reply_to) else :reply_to end,
    not_before = min(not_before, :now), updated_at = :now
where id = :id;

-- Jobs: changes of state, each guarded by the state it starts from

-- name: claim
update jobs
set state = 'running', reason = :reason, cancel_to = null, attempts = attempts + 1, stage = null, fraction = 0,
    not_before = 0, updated_at = :now
where state = 'queued' and seq = (
    select seq from jobs as waiting
    where state = 'queued'
      -- A time further off than any delay of ours comes from a clock that was set back since.
      and (not_before <= :now or not_before > :furthest)
      -- Two jobs never write to the same place at once.
      and not exists (select 1 from jobs as busy where busy.state = 'running' and busy.out_base = waiting.out_base)
    order by priority desc, position
    limit 1)
returning *;

-- name: move
-- fresh: asked for by somebody, so attempts are counted anew and the job goes to the end of its line.
update jobs
set state = :state, reason = :reason, cancel_to = null, not_before = :not_before, updated_at = :now,
    stage = case :state when 'queued' then null else stage end,
    fraction = case :state when 'queued' then 0 when 'done' then 1 else fraction end,
    attempts = case when :fresh then 0 else attempts end,
    position = case when :fresh then (select max(position) + 1 from jobs) else position end,
    error_code = :error_code, error_message = :error_message, error_advice = :error_advice, summary = :summary
where id = :id and state = :was
returning *;

-- name: mark_cancel
update jobs set cancel_to = :cancel_to, updated_at = :now where id = :id and state = 'running' returning *;

-- name: progress
update jobs set stage = :stage, fraction = :fraction, updated_at = :now where id = :id and state = 'running';

-- Jobs: looking

-- name: job_by_id
select * from jobs where id = :id;

-- name: jobs_by_prefix
select * from jobs where id >= :prefix and id < :prefix || '~' order by id limit 3;

-- name: jobs_newest
select * from jobs where state in (select value from json_each(:states)) order by seq desc limit :limit;

-- name: running
select * from jobs where state = 'running' order by priority desc, position;

-- name: cancel_requests
select id from jobs where state = 'running' and cancel_to is not null;

-- name: counts
select state, count(*) as n from jobs group by state;

-- name: next_due
select min(not_before) as at from jobs where state = 'queued';

-- name: ended_since
select state, count(*) as n from jobs where state not in ('queued', 'running') and updated_at >= :since group by state;

-- name: waiting_since
select min(updated_at) as at from jobs where state = 'queued';

-- name: output_base_taken
select exists (
    select 1 from jobs
    where out_base = cast(:out_base as text) and path <> cast(:path as text) and state in ('queued', 'running', 'done')
) as taken;

-- name: history
select history.* from history join jobs on jobs.seq = history.job where jobs.id = :id order by history.seq;

-- Pruning

-- name: prune_jobs
delete from jobs where state not in ('queued', 'running') and updated_at < :before returning id;

-- name: prune_outputs
-- Of the files whose job is forgotten, only who wrote there last matters.
delete from outputs
where job is null and exists (select 1 from outputs as later where later.path = outputs.path and later.seq > outputs.seq);

-- Files that jobs write

-- name: plan_output
insert into plans (path, job, kind, size, mtime_ns)
select cast(:path as text), seq, :kind, :size, :mtime_ns from jobs where id = :id
on conflict (path) do update
set job = excluded.job, kind = excluded.kind, size = excluded.size, mtime_ns = excluded.mtime_ns
-- The same job tries again: what lay there before its first try is what counts.
where plans.job <> excluded.job;

-- name: plans
select plans.* from plans join jobs on jobs.seq = plans.job where jobs.id = :id;

-- name: forget_plans
delete from plans where job = (select seq from jobs where id = :id);

-- name: plan_for
select plans.* from plans join jobs on jobs.seq = plans.job
where plans.path = cast(:path as text) and jobs.state in ('queued', 'running');

-- name: record_output
insert or replace into outputs (path, job, kind, size, mtime_ns)
select cast(:path as text), seq, :kind, :size, :mtime_ns from jobs where id = :id;

-- name: outputs
select outputs.*,
       exists (select 1 from outputs as later where later.path = outputs.path and later.seq > outputs.seq) as overwritten
from outputs join jobs on jobs.seq = outputs.job
where jobs.id = :id order by outputs.seq;

-- name: forget_outputs
delete from outputs where job = (select seq from jobs where id = :id);

-- name: wrote
select exists (
    select 1 from outputs where path = cast(:path as text) and size = :size and mtime_ns = :mtime_ns
) as wrote;

-- What the watched folders held

-- name: seen
select seen.*, jobs.id as job_id from seen left join jobs on jobs.seq = seen.job where seen.path = cast(:path as text);

-- name: remember
insert into seen (path, size, mtime_ns, inode, job)
values (cast(:path as text), :size, :mtime_ns, :inode, (select seq from jobs where id = :id))
on conflict (path) do update
set size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode, job = excluded.job;

-- name: forget_below
-- A range and not a pattern: names may hold any character, and the index is used.
delete from seen
where path = cast(:folder as text) or (path >= cast(:first as text) and path < cast(:last as text));

-- name: watch
insert into watched (folder, since) values (cast(:folder as text), :since) on conflict (folder) do nothing returning folder;

-- name: watch_times
select folder, since from watched;

-- name: watched_since
select since from watched where folder = cast(:folder as text);

-- A damaged store

-- name: unfinished
-- By the table alone: an index may be the part that is damaged.
select path, fingerprint, out_base, settings, origin, priority, reply_to from jobs not indexed
where state in ('queued', 'running') and fingerprint <> '' order by position;
