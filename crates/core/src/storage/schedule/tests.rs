use super::*;

fn chains(lengths: &[u32]) -> Schedule {
    let mut schedule = Schedule::default();
    schedule.reset(lengths).unwrap();
    schedule
}

#[test]
fn steps_of_a_ragged_block_are_dense_and_longest_first() {
    let mut schedule = chains(&[1, 3, 0, 3, 2]);
    let rows: Vec<Vec<usize>> = (0..4).map(|t| schedule.rows_at(t).collect()).collect();
    assert_eq!(rows, [vec![1, 3, 4, 0], vec![1, 3, 4], vec![1, 3], vec![]]);
    assert_eq!((0..5).map(|t| schedule.items_at(t)).collect::<Vec<_>>(), [4, 3, 2, 0, 0]);
    assert_eq!(schedule.step(1), 4..7);
    assert_eq!((schedule.items(), schedule.steps(), schedule.rows(), schedule.widest()), (9, 3, 5, 5));
    let places: Vec<Vec<usize>> = (0..5).map(|row| schedule.items_of(row).collect()).collect();
    assert_eq!(places, [vec![3], vec![0, 4, 7], vec![], vec![1, 5, 8], vec![2, 6]]);
    schedule.list_blocks([true, true]).unwrap();
    let previous = [vec![10, 12, 13, 9, 0, 1, 2, 4, 5], vec![4, 5, 6, 9, 7, 8, 13, 10, 12]];
    assert_eq!(schedule.blocks(), &[SumBlock { row_group: 0, places: (0..9).collect(), previous }]);
}

#[test]
fn a_loop_links_each_item_with_the_one_before() {
    let schedule = chains(&[1, 3, 0, 3, 2]);
    let links = |reverse: bool, t: usize| {
        let unrolling = schedule.unrolling(reverse);
        let flat = |link: Link| (link.step, link.from, link.to, link.count);
        (
            unrolling.predecessors(t).map(flat).collect::<Vec<_>>(),
            unrolling.successors(t).map(flat).collect::<Vec<_>>(),
        )
    };
    assert_eq!(links(false, 0), (vec![], vec![(1, 0, 0, 3)]));
    assert_eq!(links(false, 1), (vec![(0, 0, 0, 3)], vec![(2, 0, 0, 2)]));
    assert_eq!(links(false, 2), (vec![(1, 0, 0, 2)], vec![]));
    assert_eq!(links(true, 0), (vec![(1, 0, 0, 3)], vec![]));
    assert_eq!(links(true, 2), (vec![], vec![(1, 0, 0, 2)]));
}

#[test]
fn rows_start_and_end_with_their_own_items() {
    let schedule = chains(&[1, 3, 0, 3, 2]);
    let all = |reverse: bool| {
        let unrolling = schedule.unrolling(reverse);
        let steps: Vec<usize> = (0..3).map(|i| unrolling.step(i)).collect();
        let rows =
            |items: &mut dyn Iterator<Item = (usize, usize)>| items.map(|(_, row)| row).collect::<Vec<_>>();
        let starts = (0..3).map(|t| rows(&mut unrolling.starting(t))).collect::<Vec<_>>();
        let ends = (0..3).map(|t| rows(&mut unrolling.ending(t))).collect::<Vec<_>>();
        (steps, starts, ends, unrolling.idle().collect::<Vec<_>>())
    };
    let whole = vec![1, 3, 4, 0];
    let own = vec![vec![0], vec![4], vec![1, 3]];
    assert_eq!(all(false), (vec![0, 1, 2], vec![whole.clone(), vec![], vec![]], own.clone(), vec![2]));
    assert_eq!(all(true), (vec![2, 1, 0], own, vec![whole, vec![], vec![]], vec![2]));
}

#[test]
fn a_block_takes_one_row_group_and_sixteen_steps() {
    let lengths: Vec<u32> = (0..20).map(|row| if row == 17 { 17 } else { 16 }).collect();
    let mut schedule = chains(&lengths);
    schedule.list_blocks([false; 2]).unwrap();
    let sizes = schedule.blocks().iter().map(|block| (block.row_group, block.places.len()));
    assert_eq!(sizes.collect::<Vec<_>>(), [(0, 256), (1, 64), (1, 1)]);
    let mut all: Vec<u32> = schedule.blocks().iter().flat_map(|block| block.places.clone()).collect();
    all.sort_unstable();
    assert_eq!(all, (0..321).collect::<Vec<u32>>());
}

#[test]
fn nothing_at_all_is_allowed() {
    let mut schedule = chains(&[]);
    schedule.list_blocks([true; 2]).unwrap();
    assert_eq!((schedule.steps(), schedule.items(), schedule.blocks().len()), (0, 0, 0));
    let schedule = chains(&[0, 0]);
    assert_eq!((schedule.steps(), schedule.items(), schedule.rows()), (0, 0, 2));
    assert_eq!(schedule.unrolling(false).idle().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn rows_that_share_lie_in_one_place() {
    let mut schedule = chains(&[2, 2, 0, 0, 3, 3, 3]);
    let ranges = |schedule: &Schedule| (0..7).map(|row| schedule.row_range(row)).collect::<Vec<_>>();
    schedule.list_rows(|_| false).unwrap();
    assert!(!schedule.is_shared());
    assert_eq!(ranges(&schedule), [0..2, 2..4, 4..4, 4..4, 4..7, 7..10, 10..13]);
    schedule.list_rows(|row| [1, 3, 6].contains(&row)).unwrap();
    assert!(schedule.is_shared());
    assert_eq!(ranges(&schedule), [0..2, 0..2, 2..2, 2..2, 2..5, 5..8, 5..8]);
}
