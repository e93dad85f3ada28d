/// Runs a model's description on a device: a flat batch of tokens of several sequences at a time.
package dev.educe.backend;
