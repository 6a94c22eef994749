package hub

// StoreFailed tells a failed disk from what passes.
var StoreFailed = storeFailed
