-- Version 1 of the job store. Times are seconds since the epoch; paths are text as the system writes it.

create table jobs (
    seq          integer primary key,     -- order of creation
    id           text    not null unique,
    -- Only once: the same recording, settings and place are always the same row.
    identity     text    not null unique,
    path         text    not null,
    fingerprint  text    not null,        -- empty: failed before it was read whole
    out_base     text    not null,
    settings     text    not null,        -- JSON
    state        text    not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled', 'superseded')),
    reason       text    not null,
    -- Where a running job goes when it stops, if somebody wants it to stop; 'queued': asked for again meanwhile.
    cancel_to    text    check (cancel_to in ('cancelled', 'superseded', 'queued')),
    stage        text,
    fraction     real    not null default 0,
    priority     integer not null,
    position     integer not null,        -- place in the line; not a time, so that a clock may be set back
    origin       text    not null,
    reply_to     text,
    attempts     integer not null default 0,
    not_before   real    not null default 0,
    created_at   real    not null,
    updated_at   real    not null,
    error_code    text,
    error_message text,
    error_advice  text,
    summary      text    not null default '{}',  -- JSON
    check (cancel_to is null or state = 'running')
) strict;

create index jobs_line on jobs (priority desc, position) where state = 'queued';
create index jobs_due on jobs (not_before) where state = 'queued';
create index jobs_running on jobs (out_base) where state = 'running';
create index jobs_place on jobs (out_base, path);
create index jobs_position on jobs (position);

create table history (
    seq     integer primary key,
    job     integer not null references jobs (seq) on delete cascade,
    at      real    not null,
    state   text    not null,
    attempt integer not null,
    reason  text    not null
) strict;

create index history_job on history (job);

-- A state cannot change without a line of history: both are one statement.
create trigger history_of_new after insert on jobs begin
    insert into history (job, at, state, attempt, reason)
    values (new.seq, new.created_at, new.state, new.attempts, new.reason);
end;

create trigger history_of_change after update of state on jobs begin
    insert into history (job, at, state, attempt, reason)
    values (new.seq, new.updated_at, new.state, new.attempts, new.reason);
end;

-- Files that jobs wrote. Rows outlive their job: a file of ours stays ours.
create table outputs (
    seq      integer primary key,         -- the highest for a path is who wrote there last
    path     text    not null,
    job      integer references jobs (seq) on delete set null,
    kind     text    not null,
    size     integer not null,
    mtime_ns integer not null,
    unique (path, job)
) strict;

create index outputs_job on outputs (job);

-- Files that an unfinished job is about to write, with what lay there before (null: nothing).
create table plans (
    path     text    primary key,
    job      integer not null references jobs (seq) on delete cascade,
    kind     text    not null,
    size     integer,
    mtime_ns integer
) strict;

create index plans_job on plans (job);

-- What the watched folders held when they were last looked at.
create table seen (
    path     text    primary key,
    size     integer not null,
    mtime_ns integer not null,
    inode    integer not null,
    job      integer references jobs (seq) on delete set null
) strict;

create index seen_job on seen (job);

create table watched (
    folder text primary key,
    since  real not null
) strict;
