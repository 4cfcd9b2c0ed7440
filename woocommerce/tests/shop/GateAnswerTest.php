<?php
/**
 * What the gate takes for a yes, what becomes of a question whose answer got lost, and the five seconds of the shopper.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Attempt;
use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\ExistingOrder;
use Elmed\WooCommerce\Gate\Given;
use Elmed\WooCommerce\Gate\Outcome;
use Elmed\WooCommerce\Gate\Verdict;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;

require_once __DIR__ . '/OrdersCase.php';

final class GateAnswerTest extends OrdersCase {

	protected function tearDown(): void {
		Outcome::drop();
		parent::tearDown();
	}

	/** @dataProvider halfAnswers */
	public function test_only_a_yes_to_each_line_that_was_asked_is_one( callable $change ): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		add_filter(
			'http_response',
			static function ( $response, $arguments, $url ) use ( $change ) {
				if ( strpos( $url, '/check' ) ) {
					$body             = json_decode( $response['body'], true );
					$body['lines']    = $change( $body['lines'] );
					$response['body'] = wp_json_encode( $body );
				}
				return $response;
			},
			10,
			3
		);
		$verdict = $this->ask( $order, $made );

		$this->assertSame( array( Verdict::REFUSED, 'cannot_check' ), array( $verdict->result, $verdict->reason ) );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );
		$this->assertSame( array(), Attempt::ofOrder( $order )->load() );
	}

	public static function halfAnswers(): array {
		$with = static fn( array $change ) => array( static fn( array $lines ) => array( $change + $lines[0] ) );
		return array(
			'not ok, and no reason' => $with( array( 'ok' => false ) ),
			'ok is no boolean'      => $with( array( 'ok' => 'no' ) ),
			'another product'       => $with( array( 'sku' => 'OTHER' ) ),
			'less than was asked'   => $with( array( 'quantity' => '2' ) ),
			'no line'               => array( static fn() => array() ),
		);
	}

	public function test_a_lost_question_does_not_stand_in_the_way_of_another_quantity(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/check' ) );
		$this->assertSame( 'unreachable', $this->ask( $order, $made )->reason );
		foreach ( $order->get_items() as $item ) {
			$item->set_quantity( 2 );
			$item->save();
		}

		$this->assertSame( Verdict::ADMITTED, $this->ask( $this->again( $order ), $made )->result );
		$this->assertSame( array( 'released', '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
	}

	public function test_a_declined_payment_after_a_slow_check_costs_no_second_five_seconds(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$given = Given::inForm( array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ) );
		Elmed::say( 'weather', array( 'delay' => 4.1 ) );
		$began   = microtime( true );
		$verdict = ExistingOrder::admit( $order, Basket::ofOrder( $order ), $given );
		$this->assertFalse( $verdict->refused(), (string) $verdict->reason );
		Outcome::drop();

		$this->assertLessThan( 5.6, microtime( true ) - $began );
		$this->assertSame( OrderState::PENDING, OrderState::release( $this->again( $order ) ) );
		Elmed::fine();
		$this->assertSame( 1, $this->work( Jobs::FREE, array( (int) $verdict->reservationId(), 0, 0 ) ) );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );
	}
}
