package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Running returns the version that a gateway says that it runs, once its present process has said so.
func (f *Fleet) Running(ctx context.Context, gateway string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, gatewayTime, fmt.Errorf("not within %v", gatewayTime))
	defer cancel()
	version := ""
	err := untilDone(ctx, func(ctx context.Context) error {
		views, err := f.client.Gateways(ctx)
		if err != nil {
			return err
		}
		pid, _ := f.Node(gateway).PID()
		for _, v := range views {
			if v.Status.GatewayId == gateway && v.Status.Pid == int64(pid) {
				version = v.Status.Version
				return nil
			}
		}
		return errors.New("the fleet does not know its process")
	})
	if err != nil {
		return "", fmt.Errorf("version of %s: %w", gateway, err)
	}
	return version, nil
}

// gatewayTime bounds how long it takes until a gateway that runs is known to the fleet.
const gatewayTime = 10 * time.Second
