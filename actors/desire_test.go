package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func wish(revision uint64, values values) *roostv1.Desired {
	d := &roostv1.Desired{DeviceId: "boiler-1", Revision: revision, Values: values, Revisions: map[string]uint64{}}
	for name := range values {
		d.Revisions[name] = revision
	}
	return d
}

// wantRevisions checks what the status says of the desired state.
func (w *site) wantRevisions(desired, applied uint64) *roostv1.DeviceStatus {
	w.bench.t.Helper()
	synctest.Wait()
	status, _ := w.Status("boiler-1")
	if status.GetDesiredRevision() != desired || status.GetAppliedRevision() != applied {
		w.bench.t.Errorf("desired revision %d, applied %d; want %d and %d", status.GetDesiredRevision(), status.GetAppliedRevision(), desired, applied)
	}
	return status
}

func TestDesiredStateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		w := emptySite(t, &p.script)
		w.assignMixer(siteEpoch, wish(3, values{
			"opening": roostv1.Double(50), "mode": roostv1.Text("fast"),
			"stroke": roostv1.Double(1), // not ABSOLUTE: nobody may keep it
		}))
		sleep(15 * time.Second)
		w.wantActs(&p.script, 2)
		status := w.wantRevisions(3, 3)
		for _, r := range status.Resources {
			if r.Resource == "opening" && (r.Desired.GetDouble() != 50 || r.DesiredRevision != 3 || r.AppliedRevision != 3 || r.Value.GetDouble() != 50) {
				t.Errorf("the opening is shown as %v", r)
			}
		}
		c := w.lastBy("desired")
		if c.GetReason() != "desired revision 3" || c.GetExpiresIn().AsDuration() > time.Minute {
			t.Errorf("the command is %v", c)
		}

		p.set(func() { p.values["opening"] = roostv1.Double(5) }) // by hand
		sleep(30 * time.Second)
		w.wantActs(&p.script, 3)
		w.wantRevisions(3, 3)

		w.assignMixer(siteEpoch, wish(4, opened(50.3))) // within the tolerance
		sleep(15 * time.Second)
		w.wantActs(&p.script, 3)
		w.wantRevisions(4, 4)

		w.assignMixer(siteEpoch)
		p.set(func() { p.values["opening"] = roostv1.Double(5) })
		sleep(30 * time.Second)
		w.wantActs(&p.script, 3)
		w.wantRevisions(0, 0)
		if opens, _ := p.count(); opens != 1 {
			t.Errorf("the wish opened the device anew")
		}

		w.assignMixer(siteEpoch+1, wish(5, opened(60))) // at the next owner
		sleep(15 * time.Second)
		w.wantActs(&p.script, 4)
		w.wantRevisions(5, 5)
	})
}

// lastBy is the last recorded command of a sender.
func (w *site) lastBy(sender string) (last *roostv1.Command) {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	for _, r := range w.last {
		if r.Command.Sender == sender {
			last = r.Command
		}
	}
	return last
}

// A device that does not obey is asked again, ever more rarely, and after it was away.
func TestDesiredStateThatDoesNotComeAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		p.deaf = true
		w := emptySite(t, &p.script)
		w.assignMixer(siteEpoch, wish(3, opened(50)))
		sleep(10 * time.Minute)
		if n := len(p.actions()); n < 8 || n > 18 {
			t.Errorf("told %d times in 10 minutes, want ever more rarely up to once a minute", n)
		}
		w.wantRevisions(3, 0)
		p.set(func() { p.deaf = false })
		sleep(2 * time.Minute)
		w.wantRevisions(3, 3)
	})
}

func TestDesiredStateWaitsForTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		w := emptySite(t, &p.script)
		w.Suspend()
		w.assignMixer(siteEpoch, wish(3, opened(50)))
		sleep(time.Minute)
		w.wantActs(&p.script, 0)
		w.wantRevisions(3, 0)
		w.Resume()
		sleep(15 * time.Second)
		w.wantActs(&p.script, 1)
		w.wantRevisions(3, 3)
	})
}

// What is not accepted is tried again, not at once.
func TestDesiredStateThatIsNotAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		w, c := submitting(t, &p.script)
		c.refusal = roostv1.ErrUnavailable
		w.assignMixer(siteEpoch, wish(3, opened(50)))
		sleep(5 * time.Minute)
		w.wantActs(&p.script, 0)
		c.mu.Lock()
		c.refusal = nil
		c.mu.Unlock()
		sleep(2 * time.Minute)
		w.wantRevisions(3, 3)
	})
}

// A value that the profile does not allow (any more) is no reason to let go of the others.
func TestDesiredValueThatIsNotAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		w := emptySite(t, &p.script)
		w.assignMixer(siteEpoch, wish(3, values{"opening": roostv1.Double(50), "speed": roostv1.Text("fast")}))
		sleep(15 * time.Second)
		w.wantActs(&p.script, 1)
		if c := w.lastBy("desired"); len(c.GetArguments()) != 1 || c.GetArguments()["opening"].GetDouble() != 50 {
			t.Errorf("the command is %v", c)
		}
		w.wantRevisions(3, 0)
	})
}
