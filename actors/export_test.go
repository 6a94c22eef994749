package actors

import "github.com/asynkron/protoactor-go/actor"

// NewMailbox lets tests run an actor of their own on this package's mailbox.
func NewMailbox(commands, work int) actor.Mailbox {
	return newMailbox(&mailboxLimits{command: commands, work: work})
}
