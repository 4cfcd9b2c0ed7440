<?php
/**
 * The shop's share of the key's requests, by a clock that the test turns: never more than 100 in any 60 seconds.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Api\Budget;

final class ApiBudgetTest extends TestCase {

	/** @var int */
	private $now = 1795000000;

	private function budget(): Budget {
		return new Budget(
			function () {
				return $this->now;
			}
		);
	}

	protected function setUp(): void {
		parent::setUp();
		delete_option( Budget::OPTION );
	}

	public function test_a_hundred_in_any_minute_and_not_one_more(): void {
		$sent = array();
		for ( $second = 0; $second < 300; $second++, $this->now++ ) {
			for ( $try = 0; $try < 3; $try++ ) {
				if ( 0 === $this->budget()->take() ) {
					$sent[] = $this->now;
				}
			}
		}
		foreach ( $sent as $at ) {
			$within = array_filter( $sent, static fn ( $other ) => $other >= $at && $other < $at + 60 );
			$this->assertLessThanOrEqual( 100, count( $within ) );
		}
		$this->assertGreaterThanOrEqual( 500, count( $sent ), 'and what is allowed is used' );
	}

	public function test_an_empty_one_says_how_long_to_wait_and_is_right(): void {
		for ( $i = 0; $i < 100; $i++ ) {
			$this->assertSame( 0, $this->budget()->take() );
		}
		$this->now += 13;
		$wait       = $this->budget()->take();
		$this->assertSame( 48, $wait ); // 60 whole seconds, and the part of one that had begun
		$this->now += $wait - 1;
		$this->assertGreaterThan( 0, $this->budget()->take() );
		++$this->now;
		$this->assertSame( 0, $this->budget()->take() );
	}

	public function test_a_shopper_is_counted_but_never_made_to_wait(): void {
		for ( $i = 0; $i < 100; $i++ ) {
			$this->budget()->take();
		}
		$this->assertSame( 0, $this->budget()->take( true ) );
		$this->budget()->pause( 30 );
		$this->assertSame( 0, $this->budget()->take( true ) );
		$this->assertGreaterThan( 0, $this->budget()->take() );
		$this->assertSame( 102, array_sum( json_decode( $this->stored(), true )['sent'] ) );
	}

	public function test_a_pause_holds_for_all_as_long_as_elmed_said(): void {
		$this->budget()->pause( 40 );
		$this->assertSame( 40, $this->budget()->take() );
		$this->now += 40;
		$this->assertSame( 0, $this->budget()->take() );
	}

	public function test_a_clock_that_was_set_back_does_not_stop_the_shop(): void {
		for ( $i = 0; $i < 100; $i++ ) {
			$this->budget()->take();
		}
		$this->budget()->pause( 60 );
		$this->now -= 86400;
		$this->assertSame( 0, $this->budget()->take() );
	}

	public function test_what_somebody_wrote_into_the_row_does_not_stop_it(): void {
		$this->budget()->take();
		update_option( Budget::OPTION, 'nonsense', false );
		$this->assertSame( 0, $this->budget()->take() );
	}

	public function test_two_processes_at_once_are_counted_twice(): void {
		global $wpdb;
		$this->budget()->take();
		// Between this one's look and its write, another process writes.
		$meddle = function ( $query ) use ( &$meddle, $wpdb ) {
			if ( 0 === strpos( $query, 'UPDATE' ) && false !== strpos( $query, Budget::OPTION ) ) {
				remove_filter( 'query', $meddle );
				$this->budget()->take();
			}
			return $query;
		};
		add_filter( 'query', $meddle );
		$this->budget()->take();
		$this->assertSame( 3, array_sum( json_decode( $this->stored(), true )['sent'] ) );
	}

	private function stored(): string {
		global $wpdb;
		return (string) $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", Budget::OPTION ) );
	}
}
