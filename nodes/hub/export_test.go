package hub

// StoreFailed tells a failed disk from what passes.
var StoreFailed = storeFailed

// Unlooked tells a server that had no time to look from one that is not well.
var Unlooked = unlooked
