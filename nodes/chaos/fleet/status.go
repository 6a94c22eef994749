package fleet

import (
	"context"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Status asks a gateway how it is, through the hub.
func (f *Fleet) Status(ctx context.Context, gateway string) (*roostv1.GatewayStatus, error) {
	names, err := cluster.SubjectsOf(Name)
	if err != nil {
		return nil, err
	}
	request, err := roostv1.Marshal(&roostv1.StatusRequest{Limit: 1}, false)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, worldTimeout)
	defer cancel()
	m, err := f.conn.RequestWithContext(ctx, names.GatewayStatus(gateway), request)
	if err != nil {
		return nil, err
	}
	var answer roostv1.StatusResponse
	_, err = roostv1.Unmarshal(m.Data, &answer)
	return answer.Gateway, err
}
