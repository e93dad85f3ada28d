/// Serves many requests at once with one model: who computes what next, in which pages, until when.
///
/// One thread steps. A [dev.educe.engine.Engine] owns it; callers hand in [dev.educe.engine.Work]
/// from any thread and get events through a listener. The scheduler, the page tables and the prefix
/// tree belong to the engine's thread alone; so do samplers and text decoders from the moment their
/// work is submitted until it has ended.
package dev.educe.engine;
