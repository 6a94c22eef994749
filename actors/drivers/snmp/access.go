package snmp

import (
	"fmt"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	publicCommunity = "public"
	// maxCommunity is the longest community that the library encodes rightly.
	maxCommunity = 127
	// minPassword is the shortest password that agents take, by RFC 3414 section 11.2.
	minPassword = 8
)

// access is what a session needs to know to be let in. It is secret, and is read when the session opens.
type access struct {
	reading, writing, trapping string // communities
	user                       *gosnmp.UsmSecurityParameters
}

// read reads the secrets of an address.
func (a address) access() (access, error) {
	if a.version == gosnmp.Version3 {
		user, err := a.user.parameters()
		return access{user: user}, err
	}
	var is access
	var err error
	if is.reading, err = community(a.community, publicCommunity); err != nil {
		return access{}, err
	}
	if is.writing, err = community(a.writing, is.reading); err != nil {
		return access{}, err
	}
	if is.trapping, err = community(a.trapping, is.reading); err != nil {
		return access{}, err
	}
	if a.trapsFromAfar() && is.trapping == publicCommunity {
		return access{}, roostv1.Errorf(roostv1.ErrInvalid, "the community of its traps is %s, which anybody knows: beyond this machine only what is authenticated "+
			"is listened to, so give the device another one as trap_community, or let it send to an address of this machine's own", publicCommunity)
	}
	return is, nil
}

func community(from keys.Secret, otherwise string) (string, error) {
	text, err := from.Read()
	switch {
	case err != nil:
		return "", err
	case !from.Given():
		return otherwise, nil
	case len(text) > maxCommunity:
		return "", roostv1.Errorf(roostv1.ErrInvalid, "the community in %s is longer than %d octets", from, maxCommunity)
	}
	return text, nil
}

// parameters returns the user as the library wants him.
func (u user) parameters() (*gosnmp.UsmSecurityParameters, error) {
	auth, err := password(u.password)
	if err != nil {
		return nil, err
	}
	privacy, err := password(u.privacySecret)
	if err != nil {
		return nil, err
	}
	return &gosnmp.UsmSecurityParameters{
		UserName:               u.name,
		AuthenticationProtocol: u.auth, AuthenticationPassphrase: auth,
		PrivacyProtocol: u.privacy, PrivacyPassphrase: privacy,
	}, nil
}

func password(from keys.Secret) (string, error) {
	text, err := from.Read()
	if err != nil {
		return "", err
	}
	if from.Given() && len(text) < minPassword {
		return "", fmt.Errorf("the password in %s is shorter than %d octets, and no agent takes such a one", from, minPassword)
	}
	return text, nil
}

// like returns the user, if there is one, as he is where nothing is known of an agent yet.
func like(known *gosnmp.UsmSecurityParameters) *gosnmp.UsmSecurityParameters {
	if known == nil {
		return nil
	}
	return &gosnmp.UsmSecurityParameters{
		UserName:               known.UserName,
		AuthenticationProtocol: known.AuthenticationProtocol, AuthenticationPassphrase: known.AuthenticationPassphrase,
		PrivacyProtocol: known.PrivacyProtocol, PrivacyPassphrase: known.PrivacyPassphrase,
	}
}
