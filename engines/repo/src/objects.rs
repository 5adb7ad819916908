//! Bounded reading of objects, from several threads.

use std::sync::{Arc, Mutex, PoisonError};

use gix::objs::{Find as _, Kind};
use gix::odb::Header as _;
use gix::{ObjectId, oid};

use crate::ReadError;

/// The largest object that is ever loaded, in bytes. Larger ones are refused by the object database before memory is
/// taken for them.
pub(crate) const LARGEST_OBJECT: usize = 16 * 1024 * 1024;

/// Decoded delta bases that one thread keeps, in bytes.
const BASE_CACHE: usize = 4 * 1024 * 1024;

type Handle = gix::odb::HandleArc;

/// The object database of one repository. Handles are lent, since one cannot be shared between threads and making one is
/// not free.
pub(crate) struct Objects {
    store: Arc<gix::odb::Store>,
    idle: Mutex<Vec<Handle>>,
}

/// A handle for the time of one piece of work.
pub(crate) struct Lent<'a> {
    objects: &'a Objects,
    handle: Option<Handle>,
}

impl Objects {
    pub(crate) fn new(store: Arc<gix::odb::Store>) -> Self {
        Self { store, idle: Mutex::new(Vec::new()) }
    }

    pub(crate) fn lend(&self) -> Lent<'_> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let handle = idle.unwrap_or_else(|| {
            let mut handle = gix::odb::Cache::from(self.store.to_handle_arc());
            // Nothing is asked for twice on purpose, and looking for new packs after every miss is slow where many
            // objects are missing.
            handle.refresh_never();
            handle.set_pack_cache(|| Box::new(gix::odb::pack::cache::lru::MemoryCappedHashmap::new(BASE_CACHE)));
            handle
        });
        Lent { objects: self, handle: Some(handle) }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.objects.idle.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        }
    }
}

impl Lent<'_> {
    /// The object's kind, with its content in `buffer`.
    pub(crate) fn read(&self, id: &oid, buffer: &mut Vec<u8>) -> Result<Kind, ReadError> {
        let handle = self.handle.as_ref().ok_or_else(|| object(id, "no handle"))?;
        match handle.try_find(id, buffer) {
            Ok(Some(data)) => Ok(data.kind),
            Ok(None) => Err(object(id, "it is missing")),
            Err(error) => Err(match self.size(id) {
                Ok((_, size)) if size > LARGEST_OBJECT as u64 => {
                    ReadError::TooLarge { what: format!("object {id}"), size, limit: LARGEST_OBJECT as u64 }
                }
                _ => object(id, &error.to_string()),
            }),
        }
    }

    /// Like [`Self::read`], for an object that must be of `kind`.
    pub(crate) fn read_as(&self, id: &oid, kind: Kind, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        let found = self.read(id, buffer)?;
        if found == kind { Ok(()) } else { Err(object(id, &format!("it is a {found} where a {kind} is expected"))) }
    }

    /// Kind and size in bytes, without loading the object.
    pub(crate) fn size(&self, id: &oid) -> Result<(Kind, u64), ReadError> {
        let handle = self.handle.as_ref().ok_or_else(|| object(id, "no handle"))?;
        match handle.try_header(id) {
            Ok(Some(header)) => Ok((header.kind(), header.size())),
            Ok(None) => Err(object(id, "it is missing")),
            Err(error) => Err(object(id, &error.to_string())),
        }
    }

    /// The commit that `id` is or, being a tag, names.
    pub(crate) fn peel_to_commit(&self, id: ObjectId, buffer: &mut Vec<u8>) -> Result<ObjectId, ReadError> {
        let mut id = id;
        for _ in 0..MOST_NESTED_TAGS {
            match self.read(&id, buffer)? {
                Kind::Commit => return Ok(id),
                Kind::Tag => {
                    id = gix::objs::TagRefIter::from_bytes(buffer, id.kind())
                        .target_id()
                        .map_err(|error| object(&id, &error.to_string()))?;
                }
                other => return Err(object(&id, &format!("it is a {other} where a commit is expected"))),
            }
        }
        Err(object(&id, "too many tags name each other"))
    }
}

const MOST_NESTED_TAGS: usize = 8;

pub(crate) fn object(id: &oid, why: &str) -> ReadError {
    ReadError::Object { id: id.to_string(), why: why.to_owned() }
}
