// Package guard decides who may do what at a hub. What it knows is in one folder:
//
//	<data>/security/ca.pem          the authority that all certificates of the hub are checked against
//	<data>/security/ca-key.pem      its key; needed only to make certificates
//	<data>/security/server.pem      the certificate that the hubs show to clients and to each other
//	<data>/security/server-key.pem  its key
//	<data>/security/users           who there is: names, roles and public keys; the truth that all else follows from
//	<data>/security/admin.roost     the credential of the administrator of a stock nats-server
//
// A hub of three has the same folder as the other two: init makes it once, for the hosts of
// all of them, and it is copied.
//
// # How the hub keeps roles apart
//
// Streams live in the account ROOST, in which nobody is but the administrator. Each credential has an account of
// its own, D_<role>_<name>, that imports from ROOST what its role may ask and write, as services. So an
// answer of JetStream can only go back into the account of whoever asked: were all in one account, the reply
// subject of a request could be any subject of the fleet, and the server itself would write there what the asker
// must not. Requests between clients and gateways, live traffic and events go through the account TALK,
// which has no JetStream, and where each user has the permissions of its role.
//
// What an account does with subjects that it does not import is its own affair: it is alone in there.
//
// # Promises
//
//   - No role can do more than Rights says. Kept by TestRoles, which tries, and looks at what came of it.
//   - Seeds are in credential files only: not in users, not in any text of this package. Kept by TestSecrets.
//   - A file is written whole or not at all, for its owner alone. Kept by TestInit.
//
// # Concurrency
//
// A Folder's methods may be called concurrently, also by several processes: those that write take turns.
package guard
