package run

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// phases goes through the phases after the set-up.
func (r *running) phases(ctx context.Context) error {
	status, stopStatus := context.WithCancel(ctx)
	var showing sync.WaitGroup
	showing.Go(func() { r.showStatus(status) })
	showing.Go(func() { r.lookForConnections(status) })
	defer showing.Wait()
	defer stopStatus()

	sending, stopSending := context.WithCancel(ctx)
	defer r.clients.Wait()
	defer stopSending()
	if err := r.startClients(sending); err != nil {
		return err
	}
	r.enter(history.PhaseQuiet)
	r.health(ctx)
	if !pause(ctx, r.settings.Quiet.Std()) {
		return ctx.Err()
	}
	r.enter(history.PhaseFaults)
	r.breakThings(ctx)
	if ctx.Err() != nil {
		return ctx.Err() // all is about to be ended, so nothing is mended before
	}
	r.enter(history.PhaseHeal)
	if err := r.mend(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	r.enter(history.PhaseLiveness)
	if !pause(ctx, r.settings.Liveness.Std()) {
		return ctx.Err()
	}
	r.enter(history.PhaseDrain)
	stopSending()
	r.clients.Wait()
	r.drain(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.enter(history.PhaseCollect)
	if err := r.writeRun(); err != nil {
		return err
	}
	if err := r.collect(ctx); err != nil {
		return fmt.Errorf("collect what was written down: %w", err)
	}
	r.enter(history.PhaseEnd)
	return nil
}

// writeRun writes down what was to be tried: as of the beginning, though only now it is known what could be.
func (r *running) writeRun() error {
	record, err := runRecord(r.Plan, r.skipped)
	if err != nil {
		return err
	}
	record.At = r.recorders.clocks.Boot
	return r.recorders.run.Write(record)
}

// enter says that a phase begins.
func (r *running) enter(p history.PhaseName) {
	r.mu.Lock()
	r.phase = p
	if p == history.PhaseEnd {
		r.ended = true
	}
	r.mu.Unlock()
	_ = r.recorders.run.Write(&history.Phase{Phase: p}) // found out when it is closed
	r.face.say("%s %s", r.elapsed(), phaseText(p, r.settings))
}

func (r *running) elapsed() string {
	d := time.Since(r.began).Round(time.Second)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// pause waits; false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
