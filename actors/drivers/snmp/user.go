package snmp

import (
	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

// Protocols of version 3, in the words that agents use. Those with a C extend short keys as Cisco's agents do.
var (
	authWords  = []string{"none", "MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"}
	authByWord = map[string]gosnmp.SnmpV3AuthProtocol{
		"none": gosnmp.NoAuth, "MD5": gosnmp.MD5, "SHA": gosnmp.SHA,
		"SHA224": gosnmp.SHA224, "SHA256": gosnmp.SHA256, "SHA384": gosnmp.SHA384, "SHA512": gosnmp.SHA512,
	}
	privacyWords  = []string{"none", "DES", "AES", "AES192", "AES256", "AES192C", "AES256C"}
	privacyByWord = map[string]gosnmp.SnmpV3PrivProtocol{
		"none": gosnmp.NoPriv, "DES": gosnmp.DES, "AES": gosnmp.AES,
		"AES192": gosnmp.AES192, "AES256": gosnmp.AES256, "AES192C": gosnmp.AES192C, "AES256C": gosnmp.AES256C,
	}
)

// userOf reads who asks.
func userOf(k *keys.Keys) user {
	u := user{
		name:     shortName(k, "user", k.Needed("user", "who asks, as the agent knows him")),
		auth:     authByWord[k.Word("auth", "none", authWords...)],
		privacy:  privacyByWord[k.Word("privacy", "none", privacyWords...)],
		password: k.Secret("auth_password"), privacySecret: k.Secret("privacy_password"),
	}
	needs(k, "auth", "auth_password", u.auth != gosnmp.NoAuth, u.password)
	needs(k, "privacy", "privacy_password", u.privacy != gosnmp.NoPriv, u.privacySecret)
	if isNone(k, "auth") && u.privacy != gosnmp.NoPriv {
		k.Wrong("privacy", "nothing is encrypted without being authenticated: auth is needed too")
	}
	return u
}

// needs checks that there is a password exactly if there is a protocol for it.
func needs(k *keys.Keys, protocol, password string, on bool, secret keys.Secret) {
	switch {
	case on && !secret.Given():
		k.Wrong(password, "is needed: where the gateway finds the password for %s, as file:/path or env:NAME", protocol)
	case isNone(k, protocol) && secret.Given():
		k.Wrong(password, "is for %s, which is none", protocol)
	}
}

// isNone tells whether there is no protocol, and not a wrong word for one, which is all that is wrong then.
func isNone(k *keys.Keys, protocol string) bool {
	word, given := k.Get(protocol)
	return !given || word == "none"
}

// level is how messages of a user are protected.
func (u user) level() gosnmp.SnmpV3MsgFlags {
	switch {
	case u.privacy != gosnmp.NoPriv:
		return gosnmp.AuthPriv
	case u.auth != gosnmp.NoAuth:
		return gosnmp.AuthNoPriv
	}
	return gosnmp.NoAuthNoPriv
}
