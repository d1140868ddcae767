// SPDX-License-Identifier: GPL-2.0
/*
 * ppl - polyhedra with the real Parma Polyhedra Library, for ever
 *
 * It rounds up from before main() and stays there.
 */
#include <ppl.hh>

namespace ppl = Parma_Polyhedra_Library;

static volatile double sink;

int main()
{
	ppl::Variable x(0), y(1), z(2);

	for (int i = 1;; i = i % 1000 + 1) {
		ppl::C_Polyhedron cube(3);
		ppl::BD_Shape<double> shape(3);

		cube.add_constraint(x >= -i);
		cube.add_constraint(x <= i);
		cube.add_constraint(y >= x - 3 * i);
		cube.add_constraint(y <= i);
		cube.add_constraint(z >= 0);
		cube.add_constraint(x + y + z <= 3 * i);
		sink = cube.minimized_generators().space_dimension();
		shape.add_constraint(3 * x - 3 * y <= i);
		shape.add_constraint(7 * y <= 2 * i);
		shape.affine_image(x, x + y + 1, 3);
		sink = shape.affine_dimension();
	}
}
