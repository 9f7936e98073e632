//! The vault as others see it: files in a folder, keys in a file.

mod crash;
mod files;
mod keyring;
mod master_key;
mod secrecy;
mod segments;
mod support;
