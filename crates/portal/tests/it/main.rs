//! The portal as a browser and a program meet it, on a centre whose data never
//! were: a book in memory, a runtime that only pretends.

mod api;
mod browser;
mod fakes;
mod going_on;
mod pages;
mod refusals;
mod safety;
mod story;
