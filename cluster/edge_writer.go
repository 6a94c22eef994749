package cluster

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/roost-iot/roost/cluster/durable"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// edgeRetry is after how long the disk is tried again.
const edgeRetry = 250 * time.Millisecond

// localJob is something to be stored, or removed.
type localJob struct {
	command *localCommand
	write   *roostv1.LocalCommand // nil: it is removed
	bus     string
	epoch   uint64
	once    bool // it is not tried again
	done    func(error)
}

func byOrderOf(a, b *roostv1.CommandRecord) int { return cmp.Compare(a.Order, b.Order) }

// give has a job done, in its order.
func (e *Edge) give(job *localJob) {
	e.mu.Lock()
	ended := e.ended
	if !ended {
		e.jobs = append(e.jobs, job)
	}
	e.mu.Unlock()
	if ended {
		go job.fail()
		return
	}
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (j *localJob) fail() {
	j.done(roostv1.Errorf(roostv1.ErrOutcomeUnknown, "command %s could not be stored: %v", j.command.last.CommandId, errEdgeEnded))
}

// write stores what is given until ctx ends. What is not stored by then is given up.
func (e *Edge) write(ctx context.Context, log *slog.Logger) error {
	for {
		select {
		case <-e.wake:
			e.storeAll(ctx, log)
		case <-ctx.Done():
			e.mu.Lock()
			e.ended = true
			left := e.jobs
			e.jobs = nil
			e.mu.Unlock()
			for _, job := range left {
				job.fail()
			}
			return nil
		}
	}
}

// storeAll stores what was given, and what is given meanwhile: one sync of the folder serves all of it.
func (e *Edge) storeAll(ctx context.Context, log *slog.Logger) {
	var left []*localJob
	for said := false; ; {
		jobs := append(left, e.take()...)
		if len(jobs) == 0 {
			return
		}
		var err error
		if left, err = e.storeSome(jobs); len(left) == 0 {
			continue
		}
		if !said {
			said = true
			log.Error("commands that were taken without the hub cannot be stored: trying on", "error", err)
		}
		if !pauseFor(ctx, edgeRetry) {
			for _, job := range left {
				job.fail()
			}
			return
		}
	}
}

// take takes what is to be done.
func (e *Edge) take() []*localJob {
	e.mu.Lock()
	defer e.mu.Unlock()
	jobs := e.jobs
	e.jobs = nil
	return jobs
}

// storeSome does the jobs up to one that fails, and returns those that are to be tried again. What need not be tried
// again does not wait behind them: it is refused while the disk takes nothing.
func (e *Edge) storeSome(jobs []*localJob) (left []*localJob, err error) {
	var done []*localJob
	for _, job := range jobs {
		failed := err
		if failed == nil {
			failed = e.put(job)
		}
		switch {
		case failed == nil:
			done = append(done, job)
		case job.once:
			job.done(roostv1.Errorf(roostv1.ErrUnavailable, "the command was not accepted, since it could not be stored: %v", failed))
		default:
			left, err = append(left, job), failed
		}
	}
	if len(done) == 0 {
		return left, err
	}
	synced := durable.SyncFolder(e.commandFolder())
	if synced == nil {
		for _, job := range done {
			e.finish(job)
		}
		return left, err
	}
	var again []*localJob
	for _, job := range done {
		if job.once { // whether it is there after a crash, nobody knows
			_ = os.Remove(filepath.Join(e.commandFolder(), job.command.key))
			job.done(roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the command may not have been stored: %v", synced))
			continue
		}
		again = append(again, job)
	}
	return append(again, left...), errors.Join(err, synced)
}

func (e *Edge) put(job *localJob) error {
	path := filepath.Join(e.commandFolder(), job.command.key)
	if job.write == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	e.timesOf(job.write, job.bus, job.epoch)
	return replaceSealed(path, job.write)
}

// finish notes what is durable, and tells of it.
func (e *Edge) finish(job *localJob) {
	e.mu.Lock()
	if job.write == nil {
		delete(e.commands, job.command.key)
	} else {
		job.command.durable = job.write
	}
	e.mu.Unlock()
	if job.write != nil && !job.once && e.stored != nil {
		e.stored(job.command.key, job.write.Record)
	}
	job.done(nil)
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// pauseFor waits for a while; false if ctx ended before.
func pauseFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
