/* How a job is delivered: a trainer, a broker, two workers that hold the same shard, and lines that break.
 *
 * States and messages have the names they have in the code: the broker's record is at a `Stage` of JobTable, a
 * trainer's job at one of SessionMachine, a worker holds jobs and keeps answers (WorkerMachine) and offers bytes
 * (Supplies). There is no time: what waits for time may happen at any time. Faults are counted and run out.
 *
 * With LONG, results have bytes that are fetched: `want`, `piece`, `gone`, `received`. FAULT plants a fault; what each
 * is, scripts/model says. */

#ifndef NJOBS
#define NJOBS 1
#endif
#ifndef BREAKS /* lines that break */
#define BREAKS 2
#endif
#ifndef CRASHES /* processes that are killed */
#define CRASHES 1
#endif
#ifndef FAULT
#define FAULT 0
#endif
#define TRAINER 2 /* the number of the trainer's line; those of the workers are 0 and 1 */
#define NLINES 3
#define NOBODY 9
#define LOST(w) (w + 3) /* the session a worker had before it was another process */

mtype = { hello, welcome, submit, dispatch, result, failed, resend, cancel, want, piece, gone, received };
mtype = { none, waiting, dispatched, answered };      /* JobTable.Stage */
mtype = { link, answer, shard, fetching, done };      /* SessionMachine.Stage; `fetching` is the link's */

/* A line: what is on its way up and down, about which job and attempt. A worker's hello says by which attempts it holds
 * job 0 and job 1. */
chan up[NLINES] = [4 + 3 * NJOBS] of { mtype, byte, byte };
chan down[NLINES] = [4 + 3 * NJOBS] of { mtype, byte, byte };
bool isOpen[NLINES];
bool peerIsTold[NLINES] = true;   /* the peer has seen the last connection end */
bool brokerIsTold[NLINES] = true; /* so has the broker */
bool isPresent[NLINES];           /* the broker has welcomed a session by this connection */
bool isReady[NLINES];             /* the peer was welcomed */
byte breaks = 0, crashes = 0;

/* The broker's. */
mtype stage[NJOBS] = none;
byte attempt[NJOBS], holder[NJOBS] = NOBODY;
bool isKnown[2]; /* a worker has a session */
bool isLeft[2];  /* a session is still known of a process that is no more */
bool isDoubtful[NJOBS]; /* the trainer has come back since the answer, and may have it */
byte brokerRun = 1;   /* which run of the broker this is */

/* The trainer's. */
mtype job[NJOBS] = link;
byte tried[NJOBS], answers[NJOBS];
byte lastRun = 0;

/* The workers'. */
byte held[4], offered[4], unheard[4]; /* attempts, by worker and job; 0 for none */
bool kept[4], isNew[2];               /* an answer is kept; the next hello introduces another session */
#define AT(w, j) (w * 2 + j)

byte k; /* counts in loops; 0 between steps */

inline clear(line) {
    do
    :: line?_,_,_
    :: empty(line) -> break
    od
}

/* What is on its way is lost; each end hears of it in its own time. */
inline sever(n) {
    isOpen[n] = false; peerIsTold[n] = false; brokerIsTold[n] = false;
    clear(up[n]); clear(down[n])
}

/* What cannot be said is not said: whoever needs it will ask. */
inline say(n, what, j, a) {
    if
    :: isOpen[n] && brokerIsTold[n] && isPresent[n] -> assert(nfull(down[n])); down[n]!what,j,a
    :: else
    fi
}

inline tell(n, what, j, a) {
    if
    :: isOpen[n] && peerIsTold[n] -> assert(nfull(up[n])); up[n]!what,j,a
    :: else
    fi
}

/* ---------------------------------------------------------------- the broker */

#define isThere(w) (isKnown[w] && isPresent[w] && brokerIsTold[w])

inline close(j) { stage[j] = none; holder[j] = NOBODY; attempt[j] = 0 }

inline send_on(j, w) { stage[j] = dispatched; holder[j] = w; say(w, dispatch, j, attempt[j]) }

/* Sends a job to a worker that is there, or waits for one that is missing; or there is none. */
inline follow(j) {
    if
    :: isThere(0) -> send_on(j, 0)
    :: isThere(1) -> send_on(j, 1)
    :: !isThere(0) && !isThere(1) ->
        if
        :: isKnown[0] -> stage[j] = waiting; holder[j] = 0
        :: isKnown[1] -> stage[j] = waiting; holder[j] = 1
        :: !isKnown[0] && !isKnown[1] -> say(TRAINER, failed, j, attempt[j]); close(j)
        fi
    fi
}

/* Asks the trainer for a job again. */
inline ask_again(j) {
    stage[j] = waiting; holder[j] = NOBODY;
    say(TRAINER, resend, j, attempt[j] + 1)
}

/* A job is submitted, for the first time or again. */
inline take(j, a) {
    isDoubtful[j] = false;
    if
    :: stage[j] == none -> attempt[j] = a; follow(j)
    :: else ->
        attempt[j] = (attempt[j] + 1 > a -> attempt[j] + 1 : a);
        if
        :: (stage[j] == dispatched || stage[j] == answered) && holder[j] < 2 && isThere((holder[j] & 1)) ->
            send_on(j, holder[j])
        :: else -> follow(j)
        fi
    fi
}

/* A session will not come back: its jobs are asked for. */
inline lose(session) {
    k = 0;
    do
    :: k < NJOBS ->
        if
        :: stage[k] != none && holder[k] == session ->
            if
            :: FAULT == 7 -> close(k)
            :: else -> ask_again(k)
            fi
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0
}

/* A worker is back, or there for the first time. */
inline introduce(w, first, second) {
    brokerIsTold[w] = true; isPresent[w] = true;
    if
    :: isNew[w] -> /* another process: what the one before had is lost with it */
        k = 0;
        do
        :: k < NJOBS ->
            if
            :: holder[k] == w -> holder[k] = LOST(w)
            :: else
            fi;
            k++
        :: else -> break
        od;
        isLeft[w] = isLeft[w] || isKnown[w]; isNew[w] = false; isKnown[w] = true
    :: !isNew[w] && isKnown[w] && FAULT != 2 -> /* what it has not is asked for, what nobody wants is cancelled */
        k = 0;
        do
        :: k < NJOBS ->
            if
            :: stage[k] != none && holder[k] == w &&
                (stage[k] == waiting || (k == 0 -> first : second) != attempt[k]) -> ask_again(k)
            :: stage[k] == none && (k == 0 -> first : second) != 0 -> say(w, cancel, k, 0)
            :: else
            fi;
            k++
        :: else -> break
        od
    :: else -> isKnown[w] = true
    fi;
    k = 0;
    say(w, welcome, 0, 0)
}

#if FAULT == 1
#define isCurrent(w, j, a) (stage[j] == dispatched && holder[j] == w)
#else
#define isCurrent(w, j, a) (stage[j] == dispatched && holder[j] == w && attempt[j] == a)
#endif

/* A worker has done a job. */
inline finish(w, j, a) {
    if
    :: isCurrent(w, j, a) ->
        assert(attempt[j] == a); /* nothing of another attempt passes */
        say(TRAINER, result, j, a);
#ifdef LONG
        stage[j] = answered
#else
        close(j)
#endif
    :: else ->
#ifdef LONG
        if
        :: FAULT != 3 -> say(w, received, j, a)
        :: else
        fi
#else
        skip
#endif
    fi
}

/* Nobody fetches the bytes of an answer any more. */
inline discharge(j) {
    if
    :: holder[j] < 2 -> say(holder[j], received, j, attempt[j])
    :: else
    fi;
    close(j)
}

#define isFetched(j, a) (stage[j] == answered && attempt[j] == a)

active proctype Broker() {
    byte j, a;
end:
    do
    :: atomic { !brokerIsTold[0] -> brokerIsTold[0] = true; isPresent[0] = false }
    :: atomic { !brokerIsTold[1] -> brokerIsTold[1] = true; isPresent[1] = false }
    :: atomic { !brokerIsTold[TRAINER] -> brokerIsTold[TRAINER] = true; isPresent[TRAINER] = false }
    /* It was missing for too long, or another process has taken its place. */
    :: atomic { isKnown[0] && !isPresent[0] && !isNew[0] -> isKnown[0] = false; lose(0) }
    :: atomic { isKnown[1] && !isPresent[1] && !isNew[1] -> isKnown[1] = false; lose(1) }
    :: atomic { isLeft[0] -> isLeft[0] = false; lose(LOST(0)) }
    :: atomic { isLeft[1] -> isLeft[1] = false; lose(LOST(1)) }

    :: atomic { up[0]?hello,j,a -> introduce(0, j, a) }
    :: atomic { up[1]?hello,j,a -> introduce(1, j, a) }
    :: atomic { up[TRAINER]?hello,_,_ ->
        brokerIsTold[TRAINER] = true; isPresent[TRAINER] = true;
        for (j : 0 .. NJOBS - 1) { isDoubtful[j] = (stage[j] == answered && FAULT != 8) }
        j = 0;
        say(TRAINER, welcome, brokerRun, 0) }
    /* The trainer was asked for it, and has not sent it for long: it has the answer. */
    :: atomic { stage[0] == waiting && holder[0] == NOBODY -> close(0) }
#if NJOBS > 1
    :: atomic { stage[1] == waiting && holder[1] == NOBODY -> close(1) }
#endif
    /* It is back, and has asked for nothing for long: it has the answer. */
    :: atomic { isDoubtful[0] && stage[0] == answered -> isDoubtful[0] = false; discharge(0) }
#if NJOBS > 1
    :: atomic { isDoubtful[1] && stage[1] == answered -> isDoubtful[1] = false; discharge(1) }
#endif

    :: atomic { up[TRAINER]?submit,j,a -> take(j, a) }
    :: atomic { up[0]?result,j,a -> finish(0, j, a) }
    :: atomic { up[1]?result,j,a -> finish(1, j, a) }
#ifdef LONG
    :: atomic { up[TRAINER]?want,j,a ->
        if
        :: isFetched(j, a) && holder[j] < 2 -> say(holder[j], want, j, a)
        :: else
        fi }
    :: atomic { up[TRAINER]?received,j,a ->
        if
        :: isFetched(j, a) -> discharge(j)
        :: else
        fi }
    :: atomic { up[0]?piece,j,a -> if :: isFetched(j, a) -> say(TRAINER, piece, j, a) :: else fi }
    :: atomic { up[1]?piece,j,a -> if :: isFetched(j, a) -> say(TRAINER, piece, j, a) :: else fi }
    :: atomic { up[0]?gone,j,a -> if :: isFetched(j, a) -> ask_again(j) :: else fi }
    :: atomic { up[1]?gone,j,a -> if :: isFetched(j, a) -> ask_again(j) :: else fi }
#endif
    od
}

/* The broker's process is killed, and another started in its place. */
active proctype BrokerCrash() {
    do
    :: atomic { crashes < CRASHES ->
        crashes++; brokerRun++;
        k = 0;
        do
        :: k < NJOBS -> close(k); k++
        :: else -> break
        od;
        k = 0;
        isKnown[0] = false; isKnown[1] = false; isLeft[0] = false; isLeft[1] = false;
        isPresent[0] = false; isPresent[1] = false; isPresent[TRAINER] = false;
        sever(0); sever(1); sever(TRAINER);
        brokerIsTold[0] = true; brokerIsTold[1] = true; brokerIsTold[TRAINER] = true }
    :: break
    od
}

/* Lines that break. */
active proctype Network() {
    do
    :: atomic { breaks < BREAKS && isOpen[0] -> breaks++; sever(0) }
    :: atomic { breaks < BREAKS && isOpen[1] -> breaks++; sever(1) }
    :: atomic { breaks < BREAKS && isOpen[TRAINER] -> breaks++; sever(TRAINER) }
    :: break
    od
}

/* ---------------------------------------------------------------- a worker */

inline answer_job(w, j, a) {
    if
    :: isReady[w] ->
        tell(w, result, j, a);
#ifdef LONG
        offered[AT(w, j)] = a
#else
        skip
#endif
    :: else ->
        if
        :: FAULT != 4 -> unheard[AT(w, j)] = a
        :: else
        fi
    fi
}

proctype Worker(byte w) {
    byte j, a;
end:
    do
    :: atomic { !peerIsTold[w] ->
        peerIsTold[w] = true; isReady[w] = false; offered[AT(w, 0)] = 0; offered[AT(w, 1)] = 0 }
    :: atomic { !isOpen[w] && peerIsTold[w] ->
        isOpen[w] = true; tell(w, hello, held[AT(w, 0)], held[AT(w, 1)]) }
    :: atomic { down[w]?welcome,_,_ ->
        isReady[w] = true;
        for (j : 0 .. NJOBS - 1) {
            a = unheard[AT(w, j)];
            unheard[AT(w, j)] = 0;
            if
            :: a != 0 -> answer_job(w, j, a)
            :: else
            fi
        }
        j = 0; a = 0 }
    :: atomic { down[w]?dispatch,j,a ->
        if
        :: held[AT(w, j)] != 0 -> held[AT(w, j)] = a
        :: held[AT(w, j)] == 0 && kept[AT(w, j)] -> answer_job(w, j, a)
        :: else -> held[AT(w, j)] = a
        fi;
        j = 0; a = 0 }
    :: atomic { held[AT(w, 0)] != 0 ->
        a = held[AT(w, 0)]; held[AT(w, 0)] = 0; kept[AT(w, 0)] = true; answer_job(w, 0, a); a = 0 }
#if NJOBS > 1
    :: atomic { held[AT(w, 1)] != 0 ->
        a = held[AT(w, 1)]; held[AT(w, 1)] = 0; kept[AT(w, 1)] = true; answer_job(w, 1, a); a = 0 }
#endif
    :: atomic { down[w]?cancel,j,_ -> held[AT(w, j)] = 0; offered[AT(w, j)] = 0; j = 0 }
#ifdef LONG
    :: atomic { down[w]?want,j,a ->
        if
        :: offered[AT(w, j)] == a -> tell(w, piece, j, a)
        :: else -> tell(w, gone, j, a)
        fi;
        j = 0; a = 0 }
    :: atomic { down[w]?received,j,a ->
        if
        :: offered[AT(w, j)] <= a -> offered[AT(w, j)] = 0
        :: else
        fi;
        j = 0; a = 0 }
#endif
    /* Its process is killed, and another started with the same data. */
    :: atomic { crashes < CRASHES ->
        crashes++;
        for (j : 0 .. 1) {
            held[AT(w, j)] = 0; kept[AT(w, j)] = false; offered[AT(w, j)] = 0; unheard[AT(w, j)] = 0
        }
        j = 0;
        isNew[w] = isKnown[w]; isReady[w] = false;
        sever(w); peerIsTold[w] = true }
    od
}

/* ---------------------------------------------------------------- the trainer */

inline submit_job(j) { tried[j]++; job[j] = answer; tell(TRAINER, submit, j, tried[j]) }

inline deliver(j, a) { assert(answers[j] == 0 && tried[j] == a); answers[j]++; job[j] = done }

#if FAULT == 6
#define isAwaited(j, a) (job[j] == answer)
#else
#define isAwaited(j, a) (job[j] == answer && tried[j] == a)
#endif

active proctype Trainer() {
    byte j, a;
end:
    do
    :: atomic { !peerIsTold[TRAINER] ->
        peerIsTold[TRAINER] = true; isReady[TRAINER] = false;
        for (j : 0 .. NJOBS - 1) {
            if
            :: job[j] == done
            :: else -> job[j] = link
            fi
        }
        j = 0 }
    :: atomic { !isOpen[TRAINER] && peerIsTold[TRAINER] -> isOpen[TRAINER] = true; tell(TRAINER, hello, 0, 0) }
    :: atomic { down[TRAINER]?welcome,a,_ ->
        isReady[TRAINER] = true;
        for (j : 0 .. NJOBS - 1) {
            if
            :: job[j] == link && !(FAULT == 5 && lastRun != 0 && lastRun != a) -> submit_job(j)
            :: else
            fi
        }
        lastRun = a; j = 0; a = 0 }
    :: atomic { down[TRAINER]?resend,j,a ->
        if
        :: (job[j] == answer || job[j] == fetching) && a > tried[j] -> tried[j] = a - 1; submit_job(j)
        :: else
        fi;
        j = 0; a = 0 }
    :: atomic { down[TRAINER]?result,j,a ->
        if
        :: isAwaited(j, a) ->
#ifdef LONG
            job[j] = fetching; tell(TRAINER, want, j, a)
#else
            deliver(j, a)
#endif
        :: else
        fi;
        j = 0; a = 0 }
#ifdef LONG
    :: atomic { down[TRAINER]?piece,j,a ->
        if
        :: job[j] == fetching && tried[j] == a -> deliver(j, a); tell(TRAINER, received, j, a)
        :: else
        fi;
        j = 0; a = 0 }
#endif
    /* Nobody is there: the catalogue says when somebody is. */
    :: atomic { down[TRAINER]?failed,j,a ->
        if
        :: (job[j] == answer || job[j] == fetching) && tried[j] == a -> job[j] = shard
        :: else
        fi;
        j = 0; a = 0 }
    :: atomic { isReady[TRAINER] && job[0] == shard && (isKnown[0] || isKnown[1]) -> submit_job(0) }
#if NJOBS > 1
    :: atomic { isReady[TRAINER] && job[1] == shard && (isKnown[0] || isKnown[1]) -> submit_job(1) }
#endif
    od
}

init { atomic { run Worker(0); run Worker(1) } }

/* ---------------------------------------------------------------- what must hold */

#if NJOBS > 1
#define allAnswered (answers[0] == 1 && answers[1] == 1)
#define nothingLeft (stage[0] == none && stage[1] == none && held[0] == 0 && held[1] == 0 && held[2] == 0 && \
    held[3] == 0 && offered[0] == 0 && offered[1] == 0 && offered[2] == 0 && offered[3] == 0)
#else
#define allAnswered (answers[0] == 1)
#define nothingLeft (stage[0] == none && held[0] == 0 && held[2] == 0 && offered[0] == 0 && offered[2] == 0)
#endif

ltl everyJobIsAnswered { <> allAnswered }
/* When nobody has anything to do any more. */
active proctype Rest() { timeout -> assert(allAnswered && nothingLeft) }
