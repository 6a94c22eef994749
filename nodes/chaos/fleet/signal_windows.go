package fleet

import "errors"

const canPause = false

var errNoSignals = errors.New("this system has no signals")

func (p *process) terminate() error { return errNoSignals }

func (p *process) pause() error { return errNoSignals }

func (p *process) resume() error { return errNoSignals }
