//! From lives to slots.

use std::collections::HashMap;

use super::{Life, Lives};
use crate::program::{Operand, Place, Slot, Space, ValueId};

impl Lives<'_> {
    /// Gives each life a slot of its space, the smallest free one that is wide enough.
    pub(in crate::compile) fn assign(self) -> (Vec<Slot>, HashMap<Operand, Place>) {
        let mut order: Vec<(Operand, Life)> = self.lives.iter().map(|(&o, &l)| (o, l)).collect();
        order.sort_by_key(|&(operand, life)| (life.start, key(operand)));
        let mut slots: Vec<Slot> = Vec::new();
        // The last segment of a section leaves its values where they are until it goes back.
        let mut users: Vec<Option<usize>> = Vec::new();
        let mut busy_until: Vec<usize> = Vec::new();
        let mut owned: HashMap<Operand, Place> = HashMap::new();
        for (operand, life) in order {
            let user = match life.space {
                Space::Segment(_) => self.sections[operand.value()],
                _ => None,
            };
            let free = (0..slots.len())
                .filter(|&s| slots[s].space == life.space && users[s] == user && busy_until[s] < life.start)
                .min_by_key(|&s| (slots[s].width < life.width, slots[s].width.abs_diff(life.width)));
            let slot = free.unwrap_or_else(|| {
                slots.push(Slot { space: life.space, width: 0 });
                busy_until.push(0);
                users.push(user);
                slots.len() - 1
            });
            slots[slot].width = slots[slot].width.max(life.width);
            busy_until[slot] = life.end;
            owned.insert(operand, (slot, life.space));
        }
        let mut places = owned.clone();
        for &operand in self.alias.keys() {
            if let Some(&place) = owned.get(&self.owner(operand)) {
                places.insert(operand, place);
            }
        }
        (slots, places)
    }
}

fn key(operand: Operand) -> (ValueId, bool) {
    (operand.value(), matches!(operand, Operand::Gradient(_)))
}
