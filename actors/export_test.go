package actors

import "github.com/asynkron/protoactor-go/actor"

// NewMailbox lets tests run an actor of their own on this package's mailbox, and on
// goroutines like a stock one.
func NewMailbox(commands, work int) actor.Mailbox {
	return newMailbox(&mailboxKind{command: commands, work: work, dispatcher: actor.NewDefaultDispatcher(throughput)})
}
