//! The cores of a machine in two halves. Pure.

/// One of the CPUs that a process may use.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Cpu {
    /// The package and the core in it that this CPU is a hardware thread of.
    pub(crate) core: (u32, u32),
    /// Its number.
    pub(crate) number: u32,
}

/// CPUs of the servers, and of the load generator; neither is without any, and none is in both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Halves {
    /// Of the servers that the run starts.
    pub(crate) server: Vec<u32>,
    /// Of the load generator: its workers, its publisher, and what samples the server's work.
    pub(crate) load: Vec<u32>,
}

impl Halves {
    /// The CPUs in two halves; `None` of fewer than two.
    ///
    /// Two hardware threads of one core slow each other down, so whole cores are given to a side
    /// where there are two of them. The first half is the servers', and the middle one of an odd
    /// number, since the load generator has a worker for half of the cores, rounded down.
    pub(crate) fn of(mut cpus: Vec<Cpu>) -> Option<Self> {
        cpus.sort_unstable();
        let mut cores: Vec<Vec<u32>> = cpus
            .chunk_by(|a, b| a.core == b.core)
            .map(|threads| threads.iter().map(|cpu| cpu.number).collect())
            .collect();
        if cores.len() == 1 {
            cores = cores.concat().into_iter().map(|number| vec![number]).collect();
        }
        let load = cores.split_off(cores.len().div_ceil(2));
        (!load.is_empty()).then(|| Self { server: sorted(cores), load: sorted(load) })
    }
}

fn sorted(cores: Vec<Vec<u32>>) -> Vec<u32> {
    let mut numbers = cores.concat();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(cpus: &[(u32, (u32, u32))]) -> Option<(Vec<u32>, Vec<u32>)> {
        let cpus = cpus.iter().map(|&(number, core)| Cpu { core, number }).collect();
        Halves::of(cpus).map(|Halves { server, load }| (server, load))
    }

    #[test]
    fn the_servers_have_the_first_half_and_the_middle_one() {
        assert_eq!(halves(&[]), None);
        assert_eq!(halves(&[(3, (0, 3))]), None);
        assert_eq!(halves(&[(1, (0, 1)), (0, (0, 0))]), Some((vec![0], vec![1])));
        let three = [(0, (0, 0)), (4, (0, 4)), (5, (0, 5))];
        assert_eq!(halves(&three), Some((vec![0, 4], vec![5])));
    }

    #[test]
    fn hardware_threads_of_one_core_are_on_one_side_unless_there_is_no_other_core() {
        // Linux often counts the second threads of all cores behind the first ones.
        let four = [(0, (0, 0)), (1, (0, 1)), (2, (0, 0)), (3, (0, 1))];
        assert_eq!(halves(&four), Some((vec![0, 2], vec![1, 3])));
        assert_eq!(halves(&[(0, (0, 0)), (1, (0, 0))]), Some((vec![0], vec![1])));
    }

    #[test]
    fn each_package_is_on_one_side_where_there_are_two() {
        let two = [(0, (0, 0)), (1, (1, 0)), (2, (0, 1)), (3, (1, 1))];
        assert_eq!(halves(&two), Some((vec![0, 2], vec![1, 3])));
    }
}
